"""Health endpoints: for probes, without a token and without detail."""

import httpx
import pytest

from app.config import Settings
from app.db.driver import connect
from app.db.embedded import DatabaseUrls

pytestmark = pytest.mark.anyio


async def test_the_process_answers_probes_that_come_by_address(http: httpx.AsyncClient) -> None:
    response = await http.get("/healthz", headers={"Host": "10.1.2.3:8000"})
    assert (response.status_code, response.text) == (200, "ok\n")


async def test_it_is_not_ready_while_the_database_is_away(http: httpx.AsyncClient, database: DatabaseUrls) -> None:
    assert (await http.get("/readyz")).status_code == 200
    owner = await connect(database.owner)
    await owner.execute("UPDATE alembic_version SET version_num = '0000'")
    await owner.close()
    response = await http.get("/readyz")
    assert (response.status_code, response.text) == (503, "not ready\n")
    assert (await http.get("/healthz")).status_code == 200


async def test_other_paths_are_not_found_without_detail(http: httpx.AsyncClient, settings: Settings) -> None:
    response = await http.get("/nothing/here")
    assert response.status_code == 404
    assert settings.public_url not in response.text


async def test_no_path_is_redirected_to_an_address_of_the_requests_choosing(http: httpx.AsyncClient) -> None:
    for path in ("/oauth/authorize/", "/static", "/healthz/"):
        assert (await http.get(path)).status_code == 404
