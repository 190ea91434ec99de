"""How many requests a process serves at once at its MCP endpoints."""

from collections.abc import AsyncGenerator
from dataclasses import replace

import anyio
import httpx
import pytest

from app.limits.defaults import CALLS_AT_ONCE
from app.main import create_app
from app.mcp.http import routes
from app.settings import Settings
from tests.factory import Connected
from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio


@pytest.mark.proves("""li-calls-at-once MUST own rule
    Requests that are being served are bounded, and one more is told when to come back.
    Here: 503 with Retry-After, before anything of it is read; its place is free as soon as another one ends.""")
async def test_one_request_too_many_is_told_when_to_come_back_and_served_then(
    settings: Settings, ada: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "CALLS_AT_ONCE", replace(CALLS_AT_ONCE, at_once=1))
    app = create_app(settings)
    sending, may_end = anyio.Event(), anyio.Event()

    async def body_that_takes_long() -> AsyncGenerator[bytes]:
        sending.set()
        await may_end.wait()
        yield b"{}"

    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=settings.public_url) as http,
        anyio.create_task_group() as tasks,
    ):
        authorized = {"Authorization": f"Bearer {ada.token}", "Content-Type": "application/json"}

        async def send_slowly() -> None:
            answer = await http.post("/mcp", content=body_that_takes_long(), headers=authorized)
            assert answer.status_code == 400

        tasks.start_soon(send_slowly)
        await sending.wait()
        client = McpClient(http, ada.token)
        for path in ("/mcp", "/mcp/core", "/mcp/readonly"):
            refused = await McpClient(http, ada.token, path=path).send("tools/list")
            assert refused.status_code == 503, path
            assert int(refused.headers["retry-after"]) > 0
        assert (await http.get("/healthz")).status_code == 200
        may_end.set()
        with anyio.fail_after(10):
            while (answer := await client.send("tools/list")).status_code == 503:
                await anyio.lowlevel.checkpoint()
        assert answer.status_code == 200
