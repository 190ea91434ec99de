"""What other parts of the service read of a grant."""

from datetime import timedelta
from uuid import uuid4

import anyio
import httpx
import pytest
from sqlalchemy import update

from app.db import transaction
from app.db.embedded import DatabaseUrls
from app.oauth.grants.models import RevokedGrant
from app.oauth.grants.repository import by_id, find_live_grant, lock_grant, of_person, revoke_grants
from app.oauth.retention_repository import unused
from app.oauth.tables import grants
from tests.db.locks import until_somebody_waits
from tests.db.looking import change
from tests.factory import Factory
from tests.oauth.conftest import RunningServer
from tests.oauth.tokens import tokens_for

pytestmark = pytest.mark.anyio


async def test_a_live_grant_tells_who_what_and_where(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    tokens = await tokens_for(http, server.url, email, scope="lists:read")
    grant = await server.grant_of(tokens["access_token"])
    assert grant is not None
    assert grant.client_id == tokens["client_id"]
    assert grant.client_name == "A test client"
    assert grant.scopes == {"lists:read"}
    assert grant.household_ids == (grant.default_household_id,)
    assert grant.expires_at is not None


async def test_an_unknown_or_revoked_grant_is_none(server: RunningServer, http: httpx.AsyncClient, email: str) -> None:
    tokens = await tokens_for(http, server.url, email)
    grant = await server.grant_of(tokens["access_token"])
    assert grant is not None
    async with transaction(server.engine) as connection:
        assert await find_live_grant(connection, uuid4(), server.clock()) is None
        assert await revoke_grants(connection, by_id(grant.id), "revoked_by_person", server.clock())
        assert not await revoke_grants(connection, by_id(grant.id), "revoked_by_person", server.clock())
        assert await find_live_grant(connection, grant.id, server.clock()) is None


@pytest.mark.parametrize("by_age", [False, True])
async def test_of_two_who_end_grants_at_once_neither_waits_for_the_other_for_ever(
    server: RunningServer, factory: Factory, database: DatabaseUrls, by_age: bool
) -> None:
    person, household_id = await factory.person()
    first, second = [(await factory.connect(person, household_id)).grant_id for _ in range(2)]
    await change(database.owner, update(grants).where(by_id(first)).values(client_id="z"))  # now behind the second
    now = server.clock() + timedelta(days=1)
    ended: list[RevokedGrant] = []

    async def end() -> None:
        async with transaction(server.engine) as connection:
            ended.extend(
                await revoke_grants(connection, unused(now, now) if by_age else of_person(person.id), "test", now)
            )

    async with anyio.create_task_group() as tasks, transaction(server.engine) as connection:
        assert await lock_grant(connection, first) is not None
        async with until_somebody_waits(database):
            tasks.start_soon(end)
        assert await lock_grant(connection, second) is not None
    assert {each.id for each in ended} == {first, second}
