"""The browser cookie."""

import pytest
from starlette.requests import Request
from starlette.responses import Response

from app.ui.cookies import BrowserCookie

VALUE = "v" * 43


def request_with(cookies: str) -> Request:
    return Request({"type": "http", "headers": [(b"cookie", cookies.encode())]})


@pytest.mark.proves("""cn-cookie MUST MCP security_best_practices (Consent Cookie Security)
    The cookie is __Host-, Secure, HttpOnly and SameSite=Lax.
    Here: So it is over https; over local http it has the bare name, and only one of them is ever read.""")
def test_over_https_the_cookie_is_bound_to_the_host() -> None:
    response = Response()
    BrowserCookie("https://lists.example.org").write(response, VALUE, 60)
    header = response.headers["set-cookie"]
    assert header.startswith(f"__Host-shopping_session={VALUE};")
    for attribute in ("HttpOnly", "Path=/", "SameSite=lax", "Secure", "Max-Age=60"):
        assert attribute in header
    assert "domain" not in header.lower()


def test_over_local_http_the_cookie_is_plain() -> None:
    response = Response()
    BrowserCookie("http://localhost:8000").write(response, VALUE)
    header = response.headers["set-cookie"]
    assert header.startswith(f"shopping_session={VALUE};")
    assert "Secure" not in header
    assert "HttpOnly" in header


@pytest.mark.proves("cn-cookie")
def test_only_one_of_the_two_names_is_ever_read() -> None:
    https, http = BrowserCookie("https://lists.example.org"), BrowserCookie("http://localhost:8000")
    assert https.read(request_with(f"shopping_session={VALUE}")) is None
    assert http.read(request_with(f"__Host-shopping_session={VALUE}")) is None
    assert https.read(request_with(f"__Host-shopping_session={VALUE}")) == VALUE


@pytest.mark.parametrize("value", ["", "short", "v" * 44, "v" * 42 + "é", "v" * 42 + "%"])
def test_a_malformed_cookie_is_ignored(value: str) -> None:
    request = Request({"type": "http", "headers": [(b"cookie", f"shopping_session={value}".encode("latin-1"))]})
    assert BrowserCookie("http://localhost:8000").read(request) is None
