"""Files that browsers keep, and ask for again when they have changed."""

import httpx
import pytest

from app.ui.static_files import version_of

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("name", ["style.css", "icons/list.png"])
async def test_browsers_keep_a_file_whose_version_they_name(http: httpx.AsyncClient, name: str) -> None:
    response = await http.get(f"/static/{name}?v={version_of(name)}")
    assert response.status_code == 200
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("version", ["", "?v=", "?v=000000000000"])
async def test_they_ask_again_for_another_version(http: httpx.AsyncClient, version: str) -> None:
    response = await http.get(f"/static/style.css{version}")
    assert response.headers["cache-control"] == "public, max-age=3600"


async def test_what_is_not_there_is_not_found(http: httpx.AsyncClient) -> None:
    assert (await http.get("/static/nothing.css?v=1")).status_code == 404
    assert (await http.get("/static/../pages.py")).status_code == 404
