"""`python -m app grants`."""

import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import anyio.to_thread
import httpx
import pytest
from starlette.applications import Starlette

from app.db import Engine, transaction
from app.errors import Ambiguous, AppError, Conflict, Invalid, NotFound
from app.oauth.credentials.service_accounts import NewAccount, create_service_account
from app.oauth.grants.connected_apps_repository import find_connected_apps
from app.oauth.grants.revocation import GrantRevocations, revoke_by_command
from app.people.identities import find_anybody
from app.people.repository import insert_identified
from app.pubsub import GrantEnded
from app.settings import Settings
from tests.audit.looking import only, stored
from tests.command import run
from tests.factory import CLIENT_ID, Connected
from tests.mcp.client import McpClient
from tests.pubsub.conftest import Heard
from tests.service import environment_of

pytestmark = pytest.mark.anyio

NOW = datetime.now(UTC)


@pytest.mark.own_app
async def test_what_a_person_has_approved_is_shown_and_ended_at_once(
    app: Starlette, http: httpx.AsyncClient, engine: Engine, settings: Settings, ada: Connected, tmp_path: Path
) -> None:
    environment = environment_of(settings)
    client = McpClient(http, ada.token)
    await client.call("list_items")
    listed = run(tmp_path, "grants", "list", str(ada.person.email).upper(), **environment)
    assert listed.returncode == 0, listed.stderr
    [_, row] = listed.stdout.splitlines()
    assert row.split()[:4] == [str(ada.grant_id), "consent", CLIENT_ID, "Tests"]
    assert re.search(r"lists:read lists:write household:manage  Ada's household \(h[0-9a-z]+\)  ", row)
    heard = Heard()
    with app.state.pubsub.listening(heard, [ada.grant_id]):
        ended = await anyio.to_thread.run_sync(
            lambda: run(tmp_path, "grants", "revoke", str(ada.grant_id), **environment)
        )
        assert (ended.returncode, ended.stdout) == (0, f"Grant {ada.grant_id} is revoked.\n"), ended.stderr
        assert await heard.next() == GrantEnded(ada.grant_id)
    heard.close()
    assert (await client.send("tools/list")).status_code == 401
    [ending] = [row for row in await stored(engine) if row["action"] == "grant_revoked"]
    expected = (None, ada.person.id, ada.grant_id, "revoked_by_operator")
    assert only(ending, "person_id", "other_person_id", "grant_id", "detail") == expected
    async with transaction(engine) as connection:
        with pytest.raises(NotFound):
            await revoke_by_command(connection, ada.grant_id, GrantRevocations(lambda _: None), NOW)


async def test_people_are_found_by_address_by_an_issuers_subject_and_by_id(engine: Engine, ada: Connected) -> None:
    async with transaction(engine) as connection:
        eve = await insert_identified(connection, "https://id.example", "eve-7", "Eve", NOW)
        twin = await insert_identified(connection, "https://id.example", "twin", "Twin", NOW)
        await insert_identified(connection, "https://other.example", "twin", "Twin", NOW)
        # An address proves nothing elsewhere: who is called by one there is another person, and is asked for by id.
        await insert_identified(connection, "https://id.example", str(ada.person.email), "Mallory", NOW)
    assert eve is not None
    assert twin is not None
    async with transaction(engine) as connection:
        assert await find_anybody(connection, "eve-7") == eve.id
        assert await find_anybody(connection, str(twin.id)) == twin.id
        for name, says in (
            ("twin", f"{twin.id} (Twin, https://id.example)"),
            (str(ada.person.email), str(ada.person.id)),
        ):
            with pytest.raises(Ambiguous) as several:
                await find_anybody(connection, name)
            assert len(several.value.candidates) == 2
            assert says in " ".join(several.value.candidates)
        faults: dict[str, type[AppError]] = {
            "nobody": NotFound,
            str(uuid4()): NotFound,
            "": NotFound,
            "x" * 501: Invalid,
            "\udc80": Invalid,
        }
        for name, error in faults.items():
            with pytest.raises(error):
                await find_anybody(connection, name)


async def test_a_service_account_is_ended_by_its_own_command(
    engine: Engine, settings: Settings, ada: Connected
) -> None:
    async with transaction(engine) as connection:
        new_account = NewAccount("Robot", "Ada's household", "viewer")
        account = await create_service_account(connection, settings.resource, new_account, NOW)
        robot = await find_anybody(connection, account.client_id)
        [grant] = await find_connected_apps(connection, robot, datetime.now(UTC))
        with pytest.raises(Conflict, match=f"service-accounts revoke {account.client_id}"):
            await revoke_by_command(connection, grant.grant_id, GrantRevocations(lambda _: None), NOW)
        assert len(await find_connected_apps(connection, robot, datetime.now(UTC))) == 1
