"""What the log keeps of a request's path: no code or token that somebody pasted behind an address."""

import logging
from collections.abc import Generator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from app.crypto.tokens import API_KEY_PREFIX, GUEST_KEY_PREFIX, GUEST_LINK_PREFIX, LINK_PREFIX, new_secret
from app.runtime.request_log import REQUEST_LINES

pytestmark = pytest.mark.anyio


class _Lines(logging.Handler):
    """Keeps the lines of the requests."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def lines() -> Generator[list[str]]:
    """The lines of the requests that are served while the test runs."""
    logger, handler = logging.getLogger(REQUEST_LINES), _Lines()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler.lines
    logger.removeHandler(handler)
    logger.setLevel(level)


@pytest.mark.parametrize(
    "code",
    [
        *(new_secret(prefix) for prefix in ("", GUEST_LINK_PREFIX, GUEST_KEY_PREFIX, LINK_PREFIX, API_KEY_PREFIX)),
        "7KQM-2B4D-XYZ9-0ABC",
        "7kqm-2b4d-xyz9-0abc",
        "7KQM2B4DXYZ90ABC",
        "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjEifQ.eyJzdWIiOiIxMjM0NTY3ODkwMTIzNDU2Nzg5MCIsImEiOjF9.x",
    ],
    ids=("secret", "guest link", "guest key", "link", "API key", "spoken", "lower case", "run together", "token"),
)
async def test_a_code_pasted_into_a_path_is_not_logged(http: httpx.AsyncClient, lines: list[str], code: str) -> None:
    for path in (f"/guest/{code}", f"/{code}", f"/join/{code}/more", f"/guest%2F{code}"):
        assert (await http.get(path)).status_code == 404
    assert len(lines) == 4
    parts = [part for part in code.split(".") if len(part) > 1]
    assert [line for line in lines if any(part in line for part in parts)] == []
    assert lines[0].startswith("GET /guest/[secret]")


async def test_the_paths_of_the_service_are_logged_as_they_are(
    app: Starlette, http: httpx.AsyncClient, lines: list[str]
) -> None:
    paths = [each.path for each in app.routes if isinstance(each, Route) and "{" not in each.path]
    assert "/.well-known/oauth-authorization-server" in paths
    for path in paths:
        await http.request("TRACE", path)
    assert [line.split(": ")[0] for line in lines] == [f"TRACE {path}" for path in paths]
