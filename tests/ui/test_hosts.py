"""A local service under the other names of this machine: what leads back to PUBLIC_URL."""

import httpx
import pytest
from starlette.responses import PlainTextResponse

from app.settings import Settings
from app.ui.hosts import HostCheck, own_hosts

pytestmark = pytest.mark.anyio

BROWSER = {"Accept": "text/html"}


@pytest.mark.parametrize("path", ["", "/shop"])
@pytest.mark.parametrize("asked", ["/lists/L1?household=H1&next=%2Flists", "/", "/caf%C3%A9"])
async def test_a_browser_is_sent_to_the_public_address_with_its_path(path: str, asked: str) -> None:
    app = HostCheck(PlainTextResponse("here"), f"http://localhost:8000{path}")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000") as http:
        answer = await http.get(asked, headers=BROWSER)
        assert answer.status_code == 307
        assert answer.headers["location"] == f"http://localhost:8000{path}{asked}"
        assert (await http.get(asked, headers={**BROWSER, "Host": "localhost:8000"})).text == "here"


@pytest.mark.parametrize("name", ["127.0.0.1", "[::1]"])
async def test_an_endpoint_under_another_name_says_its_address(
    http: httpx.AsyncClient, settings: Settings, name: str
) -> None:
    answer = await http.post("/mcp", json={}, headers={"Host": f"{name}:{settings.port}"})
    assert answer.status_code == 401
    assert answer.json()["error_description"].endswith(f" Its address is {settings.resource}: give the app that one.")
    assert f'resource_metadata="{settings.public_url}/.well-known/' in answer.headers["www-authenticate"]


async def test_an_endpoint_at_its_address_does_not_say_so(http: httpx.AsyncClient, settings: Settings) -> None:
    answer = await http.post("/mcp", json={}, headers={"Host": f"LOCALHOST:{settings.port}"})
    assert answer.json()["error_description"] == "Sign in: this endpoint needs a bearer token."


async def test_a_foreign_name_is_told_the_address(http: httpx.AsyncClient, settings: Settings) -> None:
    answer = await http.post("/mcp", json={}, headers={"Host": "evil.example"})
    assert answer.status_code == 421
    assert answer.json()["error_description"].endswith(f" Its address is {settings.public_url}.")


def test_the_default_port_may_be_left_out() -> None:
    assert own_hosts("http://localhost/shop") == {"localhost", "localhost:80"}
    assert own_hosts("https://[2001:db8::1]:8443") == {"[2001:db8::1]", "[2001:db8::1]:8443"}
