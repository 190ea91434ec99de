"""What other parts of the service read of a grant."""

from uuid import uuid4

import httpx
import pytest

from app.db import transaction
from app.oauth.grants.grant import find_live_grant
from app.oauth.store.grants import by_id, end_grants
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
        assert await end_grants(connection, by_id(grant.id), "revoked_by_person", server.clock())
        assert not await end_grants(connection, by_id(grant.id), "revoked_by_person", server.clock())
        assert await find_live_grant(connection, grant.id, server.clock()) is None
