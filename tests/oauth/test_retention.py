"""What is over is forgotten, and nothing else is."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import insert, select, update

from app.db import Engine, transaction
from app.db.embedded import DatabaseUrls
from app.db.purge import BATCH, delete_old
from app.jobs.runner import tend_all
from app.oauth.credentials.repository import insert_api_key
from app.oauth.grants.repository import find_grant
from app.oauth.retention import delete_expired
from app.oauth.retention_repository import ended_grants
from app.oauth.tables import (
    api_keys,
    authorization_requests,
    client_assertions,
    clients,
    codes,
    grant_households,
    grants,
    refresh_families,
    refresh_tokens,
)
from app.oauth.tokens.refresh_tokens import start_family
from tests.db.looking import change, count
from tests.factory import Factory
from tests.oauth.browser import Browser
from tests.oauth.conftest import RunningServer
from tests.oauth.tokens import Attempt, approved_code, redeem, refresh, register

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)


async def connection_of(server: RunningServer, factory: Factory) -> UUID:
    """A grant with a refresh token; its id."""
    connected = await factory.connected()
    async with transaction(server.engine) as connection:
        await start_family(connection, connected.grant_id, server.clock())
    return connected.grant_id


@pytest.mark.proves("""cd-rows-24h MUST own rule
    Used codes are remembered for a day and then forgotten.
    Here: A used code stays for a day, so that its replay is noticed, and then goes.""")
async def test_codes_stay_a_day_after_their_end_and_requests_an_hour(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    attempt, code = await approved_code(http, server.url, email)
    now = server.clock()
    requests = await count(server.engine, authorization_requests)
    assert await delete_expired(server.engine, now + timedelta(minutes=70)) == 0
    assert await delete_expired(server.engine, now + timedelta(minutes=70, seconds=1)) == requests
    assert await delete_expired(server.engine, now + DAY) == 0
    assert (await redeem(http, attempt, code)).status_code == 200
    assert await delete_expired(server.engine, now + DAY + timedelta(seconds=61)) == 1
    assert await count(server.engine, codes) == 0
    assert await count(server.engine, grants) == 1


@pytest.mark.proves("""rg-purge SHOULD own rule; RFC 7591 §5
    Unused registrations are removed.
    Here: Registrations without a live grant go after 90 days without use, and after 30 without any.""")
async def test_registrations_go_after_ninety_days_or_thirty_first_ones_unless_used_or_approved(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    unused = (await register(http, server.url))["client_id"]
    attempt, code = await approved_code(http, server.url, email, duration="until-revoked")
    tokens = (await redeem(http, attempt, code)).json()
    now = server.clock()
    await delete_expired(server.engine, now + timedelta(days=30))
    assert await count(server.engine, clients) == 2
    await delete_expired(server.engine, now + timedelta(days=30, seconds=1))
    async with transaction(server.engine) as connection:
        left = list((await connection.execute(select(clients.c.id))).scalars())
    assert unused not in left
    assert left == [attempt.client_id]
    server.clock.move(days=89)
    assert (await refresh(http, server.url, attempt.client_id, tokens["refresh_token"])).status_code == 200
    async with transaction(server.engine) as connection:
        await connection.execute(update(grants).values(revoked_at=now, revoked_because="test"))
    await delete_expired(server.engine, now + timedelta(days=178))
    assert await count(server.engine, clients) == 1
    await delete_expired(server.engine, now + timedelta(days=180))
    assert await count(server.engine, clients) == 0


async def test_clients_that_were_added_by_command_stay(server: RunningServer, http: httpx.AsyncClient) -> None:
    await register(http, server.url)
    async with transaction(server.engine) as connection:
        await connection.execute(update(clients).values(kind="preregistered"))
    await delete_expired(server.engine, server.clock() + timedelta(days=1000))
    assert await count(server.engine, clients) == 1


async def test_a_purged_client_is_told_to_register_again(server: RunningServer, http: httpx.AsyncClient) -> None:
    client = await register(http, server.url)
    await delete_expired(server.engine, server.clock() + timedelta(days=91))
    page = await Browser(http).open(Attempt(client["client_id"], server.url).url())
    assert page.status == 400
    refused = await refresh(http, server.url, client["client_id"], "slr_x")
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


async def test_documents_go_a_day_after_they_could_have_served(server: RunningServer) -> None:
    now = server.clock()
    row: dict[str, Any] = {
        "kind": "document",
        "name": "A",
        "redirect_uris": [],
        "token_endpoint_auth_method": "none",
        "metadata": {},
        "created_at": now,
        "last_used_at": now,
        "fresh_until": now,
        "stale_until": now,
    }
    async with transaction(server.engine) as connection:
        await connection.execute(insert(clients).values(id="https://app.example/client.json", **row))
    assert await delete_expired(server.engine, now + DAY) == 0
    assert await delete_expired(server.engine, now + DAY + timedelta(seconds=1)) == 1


async def test_ids_of_assertions_go_with_their_end_however_many_there_are(engine: Engine) -> None:
    now = datetime.now(UTC)
    rows = [
        {"client_id": "app_x", "jti_hash": number.to_bytes(4), "expires_at": now - timedelta(seconds=number)}
        for number in range(2 * BATCH + 2)
    ]
    async with transaction(engine) as connection:
        await connection.execute(insert(client_assertions), rows)
    assert await delete_expired(engine, now) == 2 * BATCH + 1
    assert await count(engine, client_assertions) == 1


async def test_it_is_one_of_the_chores(server: RunningServer, http: httpx.AsyncClient) -> None:
    await register(http, server.url)
    await tend_all(server.engine, server.clock() + timedelta(days=91))
    assert await count(server.engine, clients) == 0


async def test_a_grant_goes_ninety_days_after_its_end_with_all_that_hangs_on_it(
    server: RunningServer, factory: Factory
) -> None:
    ended, running = await connection_of(server, factory), await connection_of(server, factory)
    now = server.clock()
    async with transaction(server.engine) as connection:
        await insert_api_key(connection, b"a hash", ended)
        await connection.execute(
            update(grants).where(grants.c.id == ended).values(revoked_at=now, revoked_because="test")
        )
    await delete_expired(server.engine, now + 90 * DAY)
    assert await count(server.engine, grants) == 2
    await delete_expired(server.engine, now + 90 * DAY + timedelta(seconds=1))
    for table in (grants, refresh_families, refresh_tokens, grant_households):
        assert await count(server.engine, table) == 1, table.name
    assert await count(server.engine, api_keys) == 0
    async with transaction(server.engine) as connection:
        assert (await connection.execute(select(grants.c.id))).scalar_one() == running


async def test_an_expired_grant_with_very_many_tokens_goes_in_batches(
    server: RunningServer, factory: Factory, database: DatabaseUrls
) -> None:
    grant_id = await connection_of(server, factory)
    now = server.clock()
    async with transaction(server.engine) as connection:
        family = (await connection.execute(select(refresh_families.c.id))).scalar_one()
        row = {"family_id": family, "created_at": now}
        many = [{**row, "generation": number, "token_hash": number.to_bytes(4)} for number in range(2, 1_102)]
        await connection.execute(insert(refresh_tokens), many)
    await change(database.owner, update(grants).values(expires_at=now))
    async with transaction(server.engine) as connection:
        assert await delete_old(connection, grants, ended_grants(now + 91 * DAY)) == 0
    assert await delete_expired(server.engine, now + 91 * DAY) == 1_101 + 1
    assert await count(server.engine, grants) == 0
    async with transaction(server.engine) as connection:
        assert await find_grant(connection, grant_id) is None


async def test_what_was_revoked_of_another_issuer_stays_revoked(
    server: RunningServer, factory: Factory, database: DatabaseUrls
) -> None:
    await connection_of(server, factory)
    now = server.clock()
    ended = {"kind": "external", "issuer": "https://id.example", "revoked_at": now, "revoked_because": "test"}
    await change(database.owner, update(grants).values(**ended))
    await delete_expired(server.engine, now + 10_000 * DAY)
    assert await count(server.engine, grants) == 1


async def test_a_service_account_goes_with_its_last_grant(
    server: RunningServer, http: httpx.AsyncClient, factory: Factory, database: DatabaseUrls
) -> None:
    client_id = (await register(http, server.url))["client_id"]
    await connection_of(server, factory)
    now = server.clock()
    async with transaction(server.engine) as connection:
        await connection.execute(update(clients).values(kind="service"))
    await change(database.owner, update(grants).values(kind="service", client_id=client_id))
    await delete_expired(server.engine, now + 91 * DAY)
    assert await count(server.engine, clients) == 1
    async with transaction(server.engine) as connection:
        await connection.execute(update(grants).values(revoked_at=now, revoked_because="test"))
    await delete_expired(server.engine, now + 91 * DAY)
    assert await count(server.engine, clients) == 0
