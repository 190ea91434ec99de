"""Bodies that come slowly and never end, at every kind of route, over real sockets."""

import asyncio
import re
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from app.db import Engine, transaction
from app.mcp.http import body
from app.people.session_repository import open_session
from app.runtime.clock import system_clock
from app.serve import uvicorn_options
from app.settings import Settings
from app.ui import forms, uploads
from app.ui.cookies import NAME
from tests.factory import Connected
from tests.mcp.streaming import PortServer
from tests.runtime.test_http_protocol import SECONDS, SHORT, ShortProtocol, to_the_end

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

BODY = 2 * SHORT
"""What a body may take here, instead of half a minute."""

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
FILE = "multipart/form-data; boundary=x"
ANSWER = re.compile(rb"HTTP/1.1 [234]\d\d ")


@pytest.fixture
async def port(app: Starlette, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[int]:
    """The application on a port of its own."""
    for module, name in ((body, "BODY_SECONDS"), (forms, "BODY_SECONDS"), (uploads, "UPLOAD_SECONDS")):
        monkeypatch.setattr(module, name, BODY)
    options: dict[str, Any] = {**uvicorn_options(settings), "host": "127.0.0.1", "port": 0, "http": ShortProtocol}
    server = PortServer(uvicorn.Config(app, lifespan="off", **options))
    running = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(SECONDS):
            await server.ready.wait()
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await running


async def dripped(port: int, method: str, path: str, lines: list[str]) -> bytes:
    """What comes back, to the end of the connection, while a chunked body goes on and on."""
    head = [f"{method} {path} HTTP/1.1", *lines, "Transfer-Encoding: chunked", "", ""]
    async with asyncio.timeout(SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write("\r\n".join(head).encode())
        ended = asyncio.create_task(to_the_end(reader))
        while not (await asyncio.wait([ended], timeout=SHORT / 20))[0]:
            writer.write(b"1\r\na\r\n")
        writer.close()
        return await ended


@pytest.fixture
async def signed_in(settings: Settings, engine: Engine, ada: Connected) -> list[str]:
    """The headers of a browser of Ada's."""
    async with transaction(engine) as connection:
        cookie = await open_session(connection, ada.person.id, system_clock())
    return [
        f"Host: {settings.public_parts.netloc}",
        f"Origin: {settings.public_origin}",
        f"Cookie: {NAME}={cookie}",
        "Accept: text/html",
    ]


@pytest.mark.proves("li-body", "li-silence")
@pytest.mark.parametrize(
    ("method", "path", "content_type", "has_token", "status"),
    [
        ("POST", "/mcp", JSON, False, 401),
        ("POST", "/mcp", JSON, True, 408),
        ("POST", "/mcp/core", JSON, True, 408),
        ("GET", "/mcp", JSON, False, 405),
        ("POST", "/oauth/token", FORM, False, 400),
        ("POST", "/oauth/register", JSON, False, 400),
        ("POST", "/language", FORM, False, 400),
        ("POST", "/nowhere", FORM, False, 404),
        ("PUT", "/lists", FORM, False, 405),
        ("GET", "/", FORM, False, 200),
        ("GET", "/healthz", FORM, False, 200),
    ],
)
async def test_a_body_that_never_ends_ends_with_its_connection(
    port: int,
    settings: Settings,
    ada: Connected,
    method: str,
    path: str,
    content_type: str,
    has_token: bool,
    status: int,
) -> None:
    lines = [f"Host: {settings.public_parts.netloc}", f"Content-Type: {content_type}"]
    if has_token:
        lines.append(f"Authorization: Bearer {ada.token}")
    assert (await dripped(port, method, path, lines)).startswith(f"HTTP/1.1 {status} ".encode())


@pytest.mark.proves("li-body", "li-silence")
@pytest.mark.parametrize("content_type", [FORM, JSON, FILE])
async def test_no_route_waits_for_the_end_of_a_body(
    app: Starlette, port: int, signed_in: list[str], content_type: str
) -> None:
    paths = [re.sub(r"{[^}]*}", "L1", each.path) for each in app.routes if isinstance(each, Route)]
    assert {"/mcp", "/oauth/token", "/household/import", "/lists/L1"} <= set(paths)
    lines = [*signed_in, f"Content-Type: {content_type}"]
    answers = await asyncio.gather(*(dripped(port, "POST", path, lines) for path in paths))
    unfit = {path: answer[:40] for path, answer in zip(paths, answers, strict=True) if not ANSWER.match(answer)}
    assert unfit == {}
