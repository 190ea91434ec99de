"""What browsers are told of every answer, whatever it is."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.runtime.request_log import RequestLog
from app.settings import Settings
from app.ui.security_headers import SecurityHeaders

pytestmark = pytest.mark.anyio

PAGES = {"accept": "text/html"}
FOR_US_ALONE: list[tuple[str, str, dict[str, str], int]] = [
    ("GET", "/", PAGES, 200),
    ("GET", "/lists", PAGES, 303),
    ("GET", "/nothing", PAGES, 404),
    ("GET", "/nothing", {}, 404),
    ("GET", "/language", PAGES, 405),
    ("GET", "/oauth/authorize", PAGES, 400),
    ("GET", "/guest?code=x", PAGES, 404),
    ("GET", "/manifest.webmanifest", {}, 200),
    ("GET", "/service-worker.js", {}, 200),
    ("GET", "/robots.txt", {}, 200),
    ("GET", "/healthz", {}, 200),
    ("GET", "/.well-known/security.txt", {}, 200),
    ("GET", "/.well-known/oauth-authorization-server", {}, 200),
    ("POST", "/mcp", {}, 401),
    ("POST", "/oauth/token", {}, 400),
    ("POST", "/language", PAGES, 400),
    ("GET", "/", {"host": "evil.example"}, 421),
    ("GET", "/static/nothing.css", {}, 404),
]


@pytest.mark.proves("""li-answers MUST own rule
    No answer is taken for another type than its own, and none is loaded into a page of another site but files that are
    for everybody.
    Here: One middleware sets X-Content-Type-Options and Cross-Origin-Resource-Policy on every answer.""")
@pytest.mark.parametrize(("method", "path", "headers", "status"), FOR_US_ALONE)
async def test_every_kind_of_answer_has_them(
    http: httpx.AsyncClient, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    response = await http.request(method, path, headers=headers)
    assert response.status_code == status
    assert response.headers.get_list("x-content-type-options") == ["nosniff"]
    assert response.headers.get_list("cross-origin-resource-policy") == ["same-origin"]
    assert "strict-transport-security" not in response.headers  # it is reached by http


@pytest.mark.parametrize("path", ["/static/icon.png", "/static/icons/list.svg", "/favicon.ico"])
async def test_other_sites_may_show_our_icons(http: httpx.AsyncClient, path: str) -> None:
    response = await http.get(path)
    assert response.headers.get_list("x-content-type-options") == ["nosniff"]
    assert response.headers.get_list("cross-origin-resource-policy") == ["cross-origin"]


async def answers_of(settings: Settings, path: str) -> httpx.Response:
    async def fine(_: Request) -> Response:
        return PlainTextResponse("fine")

    async def faulty(_: Request) -> Response:
        raise ZeroDivisionError

    app = Starlette(
        routes=[Route("/fine", fine), Route("/faulty", faulty)],
        middleware=[Middleware(SecurityHeaders, public_url=settings.public_url), Middleware(RequestLog)],
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=settings.public_origin) as client:
        return await client.get(path)


@pytest.mark.parametrize(("path", "status"), [("/fine", 200), ("/faulty", 500)])
async def test_a_service_at_https_is_reached_by_https_alone(path: str, status: int) -> None:
    public = Settings(_env_file=None, public_url="https://lists.example.org")  # pyright: ignore[reportCallIssue]
    response = await answers_of(public, path)
    assert response.status_code == status
    assert response.headers["strict-transport-security"] == "max-age=31536000"
    assert response.headers["x-content-type-options"] == "nosniff"
