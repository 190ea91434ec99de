"""Pages are at PUBLIC_URL, whichever name of this machine the browser was given."""

import httpx
import pytest

pytestmark = pytest.mark.anyio

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize("name", ["127.0.0.1", "[::1]"])
@pytest.mark.parametrize("path", ["/", "/account/sign-in?next=%2Faccount", "/nowhere%3Fa", "//evil.example/"])
async def test_browsers_are_sent_to_the_name_where_they_can_sign_in(
    http: httpx.AsyncClient, name: str, path: str
) -> None:
    there = http.base_url.copy_with(host=name.strip("[]"))
    response = await http.get(f"{there}".rstrip("/") + path, headers=BROWSER)
    assert (response.status_code, response.headers["location"]) == (307, f"{http.base_url}".rstrip("/") + path)


async def test_programs_are_answered_under_every_name(http: httpx.AsyncClient) -> None:
    there = f"{http.base_url.copy_with(host='127.0.0.1')}".rstrip("/")
    for path in ("/.well-known/oauth-protected-resource", "/oauth/jwks.json"):
        assert (await http.get(there + path, headers={"Accept": "application/json"})).status_code == 200
    assert (await http.post(f"{there}/mcp", json={})).status_code == 401
    assert (await http.post(f"{there}/account/sign-in", headers=BROWSER)).status_code == 400
