"""What nobody uses for 90 days ends, and nothing else does."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select, update

from app.audit.tables import audit_events
from app.db import transaction
from app.db.embedded import DatabaseUrls
from app.jobs.runner import tend_all
from app.oauth.retention import revoke_unused
from app.oauth.tables import grants
from tests.db.looking import change
from tests.factory import Factory
from tests.oauth.conftest import RunningServer
from tests.oauth.tokens import approved_code, redeem, refresh

pytestmark = pytest.mark.anyio

DAYS = timedelta(days=90)
SECOND = timedelta(seconds=1)


@pytest.mark.proves("""rt-idle-expiry SHOULD OAuth 2.1 §4.3.3; RFC 9700 §4.14.2
    Refresh tokens expire when they are not used for long.
    Here: A refresh token that was not used for 90 days is refused, and its grant is ended.""")
async def test_a_refresh_token_that_nobody_uses_for_ninety_days_is_refused(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    attempt, code = await approved_code(http, server.url, email, duration="until-revoked")
    token = (await redeem(http, attempt, code)).json()["refresh_token"]
    server.clock.now += DAYS - SECOND
    used = await refresh(http, server.url, attempt.client_id, token)
    assert used.status_code == 200
    server.clock.now += DAYS
    late = await refresh(http, server.url, attempt.client_id, used.json()["refresh_token"])
    assert (late.status_code, late.json()["error"]) == (400, "invalid_grant")


@pytest.mark.proves("rt-idle-expiry")
async def test_an_approval_that_nobody_uses_ends_and_is_on_record(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    attempt, code = await approved_code(http, server.url, email, duration="until-revoked")
    token = (await redeem(http, attempt, code)).json()["refresh_token"]
    server.clock.move(days=1)
    assert (await refresh(http, server.url, attempt.client_id, token)).status_code == 200
    now = server.clock()
    assert await revoke_unused(server.engine, now + DAYS - SECOND) == 0
    await tend_all(server.engine, now + DAYS)
    async with transaction(server.engine) as connection:
        grant = (await connection.execute(select(grants))).one()
        row = (await connection.execute(select(audit_events).where(audit_events.c.action == "grant_revoked"))).one()
    assert (grant.revoked_at, grant.revoked_because) == (now + DAYS, "unused")
    assert (row.grant_id, row.other_person_id, row.detail) == (grant.id, grant.person_id, "unused")
    assert await revoke_unused(server.engine, now + 2 * DAYS) == 0


async def test_an_approval_that_was_never_taken_up_ends_too(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await approved_code(http, server.url, email, duration="until-revoked")
    assert await revoke_unused(server.engine, server.clock() + DAYS - SECOND) == 0
    assert await revoke_unused(server.engine, server.clock() + DAYS) == 1


@pytest.mark.parametrize("kind", ["key", "service", "external"])
async def test_what_has_no_refresh_tokens_is_left_alone(
    server: RunningServer, factory: Factory, database: DatabaseUrls, kind: str
) -> None:
    await factory.connected()
    issuer = "https://id.example" if kind == "external" else None
    await change(database.owner, update(grants).values(kind=kind, issuer=issuer))
    assert await revoke_unused(server.engine, server.clock() + 10 * DAYS) == 0
