"""Health endpoints: for probes, without a token and without detail."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import make_url

from app.access import grant_cache
from app.db import Engine
from app.db.embedded import DatabaseUrls
from app.db.engine import connect
from app.db.revision import newest_revision
from app.settings import Settings
from tests.factory import Factory
from tests.mcp.client import ERAS, Era, McpClient

pytestmark = pytest.mark.anyio


async def test_the_process_answers_probes_that_come_by_address(http: httpx.AsyncClient) -> None:
    response = await http.get("/healthz", headers={"Host": "10.1.2.3:8000"})
    assert (response.status_code, response.text) == (200, "ok\n")


AWAY = {"ALLOW_CONNECTIONS": ("false", "true"), "CONNECTION LIMIT": ("0", "-1")}
"""Options of a database that keep the service out, with the value that does and the one that does not."""


@pytest.fixture(params=AWAY)
def option(request: pytest.FixtureRequest) -> str:
    """One way to be away after the other."""
    return request.param


@asynccontextmanager
async def away(database: DatabaseUrls, option: str) -> AsyncGenerator[None]:
    """While the block runs, the database has no connection of the service and takes no new one."""
    name = make_url(database.service).database
    closed, open_again = AWAY[option]
    elsewhere = make_url(database.superuser).set(database="postgres").render_as_string(hide_password=False)
    superuser = await connect(elsewhere)
    try:
        await superuser.execute(f"ALTER DATABASE {name} {option} {closed}")
        await superuser.fetch("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1", name)
        yield
    finally:
        await superuser.execute(f"ALTER DATABASE {name} {option} {open_again}")
        await superuser.close()


@pytest.mark.own_database
async def test_it_is_not_ready_while_the_database_is_away(
    http: httpx.AsyncClient, database: DatabaseUrls, option: str
) -> None:
    assert (await http.get("/readyz")).status_code == 200
    async with away(database, option):
        for _ in range(2):
            response = await http.get("/readyz")
            assert (response.status_code, response.text) == (503, "not ready\n")
        assert (await http.get("/healthz")).status_code == 200
    assert (await http.get("/readyz")).status_code == 200


@pytest.mark.proves("""rs-db-down MUST own rule
    When the database can't answer, a good token gets 503 with Retry-After and never 401.
    Here: The middleware answers 503 without a challenge.""")
@pytest.mark.own_database
@pytest.mark.parametrize("option", ["ALLOW_CONNECTIONS", "CONNECTION LIMIT"])
@pytest.mark.parametrize("era", ERAS)
async def test_while_the_database_is_away_nobody_is_told_to_sign_in_again(
    http: httpx.AsyncClient,
    database: DatabaseUrls,
    option: str,
    engine: Engine,
    settings: Settings,
    era: Era,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # What was read within two seconds stays valid without the database: tests/access/test_database_away.py.
    monkeypatch.setattr(grant_cache, "KEPT", timedelta())
    calls: list[tuple[str, dict[str, Any]]] = [
        ("tools/list", {}),
        ("tools/call", {"name": "list_items", "arguments": {}}),
    ]
    client = McpClient(http, (await Factory(engine, settings).connected()).token, era)
    await client.call("add_items", items=["milk"])
    async with away(database, option):
        for method, params in calls:
            response = await client.send(method, params)
            assert response.status_code == 503, response.text
            assert int(response.headers["retry-after"]) > 0
            assert "www-authenticate" not in response.headers
    assert len((await client.call("list_items"))["items"]) == 1


@pytest.mark.own_database
async def test_it_is_not_ready_at_another_version_of_the_schema(
    http: httpx.AsyncClient, database: DatabaseUrls
) -> None:
    owner = await connect(database.owner)
    for version, status in (("0000", 503), (newest_revision(), 200)):
        await owner.execute("UPDATE alembic_version SET version_num = $1", version)
        assert (await http.get("/readyz")).status_code == status
    await owner.close()


async def test_other_paths_are_not_found_without_detail(http: httpx.AsyncClient, settings: Settings) -> None:
    response = await http.get("/nothing/here")
    assert response.status_code == 404
    assert settings.public_url not in response.text


async def test_no_path_is_redirected_to_an_address_of_the_requests_choosing(http: httpx.AsyncClient) -> None:
    for path in ("/oauth/authorize/", "/static", "/healthz/"):
        assert (await http.get(path)).status_code == 404
