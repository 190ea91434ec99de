"""Clients that are registered by command."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import httpx
import pytest
from sqlalchemy import select

from app.db import new_id, transaction
from app.db.embedded import DatabaseUrls
from app.errors import Invalid, NotFound
from app.oauth.clients.keys import GivenKeys
from app.oauth.clients.preregistered import NewClient, add_client, remove_client
from app.oauth.clients.repository import find_preregistered, note_use
from app.oauth.grants.models import GrantKind, NewGrant
from app.oauth.grants.repository import find_live_grant, insert_grant, lock_grant
from app.oauth.grants.revocation import GrantRevocations
from app.oauth.tables import clients, grants
from app.pubsub import GrantEnded, Notification, PubSub
from app.scopes import ALL_SCOPES
from tests.command import run
from tests.db.locks import until_somebody_waits
from tests.factory import Factory
from tests.oauth.browser import Browser
from tests.oauth.conftest import RunningServer
from tests.oauth.tokens import Attempt, code_of, redeem, refresh

pytestmark = pytest.mark.anyio

NOW = datetime.now(UTC)
CALLBACK = "https://client.example/cb"
AT_ITS_SITE = GivenKeys(jwks_uri="https://client.example/keys")


async def add(server: RunningServer, **changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"name": "Home", "redirect_uris": [CALLBACK], "auth_method": "none", **changes}
    new_client = NewClient(**given)
    async with transaction(server.engine) as connection:
        return (await add_client(connection, server.settings.oauth_redirect_schemes, new_client, NOW)).response


async def remove(server: RunningServer, client_id: str) -> int:
    async with transaction(server.engine) as connection:
        return len(await remove_client(connection, client_id, GrantRevocations(server.revoked.append), server.clock()))


async def added(server: RunningServer) -> list[str]:
    async with transaction(server.engine) as connection:
        return [client.id for client, _ in await find_preregistered(connection)]


async def test_the_day_of_the_last_use_is_kept(server: RunningServer) -> None:
    client_id = (await add(server))["client_id"]
    moments = (NOW + timedelta(seconds=1), NOW + timedelta(days=1, hours=1))
    for moment, day in [(None, None), *((moment, moment.date()) for moment in moments)]:
        async with transaction(server.engine) as connection:
            if moment is not None:
                await note_use(connection, client_id, moment)
            [(_, last_used_on)] = await find_preregistered(connection)
        assert last_used_on == day


async def test_removing_a_client_and_noting_its_use_do_not_wait_for_each_other(
    server: RunningServer, http: httpx.AsyncClient, email: str, database: DatabaseUrls
) -> None:
    client_id = (await add(server))["client_id"]
    attempt = Attempt(client_id, server.url, redirect_uri=CALLBACK)
    browser = Browser(http)
    code = code_of(await browser.approve(await browser.sign_up(attempt.url(), email)))
    grant = await server.grant_of((await redeem(http, attempt, code)).json()["access_token"])
    assert grant is not None
    ended: list[int] = []

    async def end() -> None:
        ended.append(await remove(server, client_id))

    async with anyio.create_task_group() as tasks, transaction(server.engine) as connection:
        assert await lock_grant(connection, grant.id) is not None
        async with until_somebody_waits(database):
            tasks.start_soon(end)
        await note_use(connection, client_id, server.clock() + timedelta(days=2))
    assert ended == [1]


async def test_an_approval_while_its_client_is_removed_makes_no_grant(
    server: RunningServer, http: httpx.AsyncClient, email: str, database: DatabaseUrls
) -> None:
    client_id = (await add(server))["client_id"]
    browser = Browser(http)
    page = await browser.sign_up(Attempt(client_id, server.url, redirect_uri=CALLBACK).url(), email)
    texts: list[str] = []

    async def approve() -> None:
        texts.append((await browser.submit(page, "/oauth/consent", decision="approve")).text)

    async with anyio.create_task_group() as tasks, transaction(server.engine) as connection:
        await remove_client(connection, client_id, GrantRevocations(server.revoked.append), server.clock())
        async with until_somebody_waits(database):
            tasks.start_soon(approve)
    assert "out of date" in texts[0]
    async with transaction(server.engine) as connection:
        assert (await connection.execute(select(grants.c.id).where(grants.c.client_id == client_id))).all() == []


async def test_an_added_client_with_a_secret_logs_in(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    added = await add(server, auth_method="client_secret_post", may_introspect=True)
    attempt = Attempt(added["client_id"], server.url, redirect_uri=CALLBACK)
    browser = Browser(http)
    code = code_of(await browser.approve(await browser.sign_up(attempt.url(), email)))
    tokens = await redeem(http, attempt, code, client_secret=added["client_secret"])
    assert tokens.status_code == 200
    async with transaction(server.engine) as connection:
        row = (await connection.execute(select(clients))).one()
    assert (row.kind, row.may_introspect) == ("preregistered", True)
    assert added["client_secret"] not in str(row)


async def test_an_added_client_is_told_its_faults(server: RunningServer, http: httpx.AsyncClient) -> None:
    attempt = Attempt((await add(server))["client_id"], server.url, redirect_uri=CALLBACK)
    page = await Browser(http).open(attempt.url(response_mode="fragment"))
    assert page.elsewhere is not None
    assert page.elsewhere.startswith(f"{CALLBACK}?error=invalid_request")


async def test_removing_a_client_ends_what_was_approved(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    client = await add(server)
    attempt = Attempt(client["client_id"], server.url, redirect_uri=CALLBACK)
    browser = Browser(http)
    code = code_of(await browser.approve(await browser.sign_up(attempt.url(), email)))
    tokens = (await redeem(http, attempt, code)).json()
    assert await remove(server, client["client_id"]) == 1
    assert await server.grant_of(tokens["access_token"]) is None
    refused = await refresh(http, server.url, client["client_id"], tokens["refresh_token"])
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert await added(server) == []


async def test_removing_a_client_leaves_the_client_of_that_id_of_another_issuer_alone(
    server: RunningServer, factory: Factory
) -> None:
    client_id = (await add(server))["client_id"]
    person, household_id = await factory.person()
    grant = NewGrant(
        id=new_id(),
        person_id=person.id,
        client_id=client_id,
        client={"name": client_id},
        scopes=ALL_SCOPES,
        resource=server.settings.resource,
        household_ids=[household_id],
        default_household_id=household_id,
        expires_at=None,
        kind=GrantKind.EXTERNAL,
        issuer="https://id.example",
    )
    async with transaction(server.engine) as connection:
        await insert_grant(connection, grant, NOW)
    assert await remove(server, client_id) == 0
    async with transaction(server.engine) as connection:
        assert await find_live_grant(connection, grant.id, server.clock()) is not None


async def test_an_unknown_client_can_not_be_removed(server: RunningServer) -> None:
    with pytest.raises(NotFound, match="There is no client app_x"):
        await remove(server, "app_x")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "a\0b"}, "name holds a NUL character"),
        (
            {"redirect_uris": ["http://client.example/cb"]},
            "redirect_uri http://client.example/cb is refused. Plain http",
        ),
        (
            {"redirect_uris": [CALLBACK, "https://client.example/#a"]},
            "redirect_uri https://client.example/#a is refused. It has a fragment.",
        ),
        ({"name": " "}, "The name is empty"),
        ({"may_introspect": True}, "--introspect needs an --auth-method"),
        ({"auth_method": "private_key_jwt"}, "--auth-method private_key_jwt needs either --jwks-file or --jwks-uri."),
        ({"keys": AT_ITS_SITE}, "--jwks-file and --jwks-uri are for --auth-method private_key_jwt."),
        ({"keys": GivenKeys(jwks={"keys": []})}, "--jwks-file and --jwks-uri are for --auth-method private_key_jwt."),
        (
            {"auth_method": "private_key_jwt", "keys": GivenKeys({"keys": []}, AT_ITS_SITE.jwks_uri)},
            "--auth-method private_key_jwt needs either --jwks-file or --jwks-uri.",
        ),
        (
            {"auth_method": "private_key_jwt", "keys": GivenKeys(jwks_uri="http://client.example/keys")},
            "--jwks-uri is refused. It is not https.",
        ),
        (
            {"auth_method": "private_key_jwt", "keys": GivenKeys(jwks={"keys": []})},
            "--jwks-file is refused. It holds no public key",
        ),
    ],
    ids=str,
)
async def test_a_client_that_can_not_work_is_not_added(
    server: RunningServer, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await add(server, **changes)
    assert refused.value.message.startswith(said)
    assert await added(server) == []


def environment(database: DatabaseUrls) -> dict[str, str]:
    return {
        "DATABASE_URL": database.service,
        "MIGRATION_DATABASE_URL": database.owner,
        "SECRET_KEY": "a secret that only these tests know, 0123456789",
    }


async def test_removing_a_client_by_command_is_told_to_running_processes(
    server: RunningServer, http: httpx.AsyncClient, email: str, database: DatabaseUrls, tmp_path: Path
) -> None:
    added = await add(server)
    attempt = Attempt(added["client_id"], server.url, redirect_uri=CALLBACK)
    browser = Browser(http)
    await browser.approve(await browser.sign_up(attempt.url(), email))
    pubsub = PubSub(database.service)
    heard: list[Notification] = []
    arrived = anyio.Event()

    def hear(notification: Notification) -> None:
        heard.append(notification)
        arrived.set()

    pubsub.subscribe(hear)
    command = partial(run, tmp_path, "clients", "remove", added["client_id"], **environment(database))
    async with pubsub.running():
        removed = await anyio.to_thread.run_sync(command)
        assert removed.stdout == "Removed. Approvals that it ended: 1\n", removed.stderr
        with anyio.fail_after(30):
            await arrived.wait()
    async with transaction(server.engine) as connection:
        grant_id = (await connection.execute(select(grants.c.id))).scalar_one()
    assert heard == [GrantEnded(grant_id)]


@pytest.mark.proves("""pr-preregistered SHOULD MCP client-registration (Pre-registration)
    Clients can be registered by hand.
    Here: `python -m app clients` adds, lists and removes them.""")
def test_the_commands_add_list_and_remove(database: DatabaseUrls, tmp_path: Path) -> None:
    external = environment(database)
    method = ["--auth-method", "client_secret_basic", "--introspect"]
    added = run(tmp_path, "clients", "add", "Home", CALLBACK, "http://localhost/cb", *method, **external)
    assert added.returncode == 0, added.stderr
    first, second = added.stdout.splitlines()
    client_id, secret = first.removeprefix("client_id="), second.removeprefix("client_secret=")
    assert (client_id[:4], secret[:4]) == ("app_", "sls_")
    listed = run(tmp_path, "clients", "list", **external)
    [_, row] = listed.stdout.splitlines()
    assert row.split() == [client_id, "Home", "client_secret_basic", "yes", "never", CALLBACK, "http://localhost/cb"]
    assert secret not in listed.stdout + listed.stderr + added.stderr
    removed = run(tmp_path, "clients", "remove", client_id, **external)
    assert (removed.returncode, removed.stdout) == (0, "Removed. Approvals that it ended: 0\n")
    again = run(tmp_path, "clients", "remove", client_id, **external)
    assert (again.returncode, again.stderr) == (1, f"shopping-list-mcp: There is no client {client_id}.\n")
    refused = run(tmp_path, "clients", "add", "Home", "http://client.example/cb", **external)
    assert refused.returncode == 1
    assert "redirect_uri http://client.example/cb is refused" in refused.stderr
