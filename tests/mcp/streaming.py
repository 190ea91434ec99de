"""Streams over real HTTP: the application on a port in this process, and a client that follows changes."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import httpx
import uvicorn
from starlette.applications import Starlette

from app.main import create_app
from app.settings import Settings
from tests.mcp.client import McpClient

SECONDS = 30
"""How long a test waits for what must come."""

SUBSCRIPTION_ID = "io.modelcontextprotocol/subscriptionId"


class PortServer(uvicorn.Server):
    """A server inside the test's process, whose signals stay the test runner's."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = anyio.Event()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    async def startup(self, *arguments: Any, **options: Any) -> None:
        await super().startup(*arguments, **options)
        self.ready.set()


@asynccontextmanager
async def on_its_port(settings: Settings) -> AsyncGenerator[Starlette]:
    """Serve the application on its port, in this process, while the block runs."""
    app = create_app(settings)
    config = uvicorn.Config(app, settings.host, settings.port, log_config=None, timeout_graceful_shutdown=2)
    server = PortServer(config)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve)
        await server.ready.wait()
        yield app
        server.should_exit = True


@dataclass
class Following:
    """An open stream, read message by message."""

    acknowledged: dict[str, Any]
    _request_id: object
    _messages: AsyncIterator[dict[str, Any]]

    async def uri(self) -> str:
        """The address that the next notification names."""
        method, uri = await self.event()
        assert method == "notifications/resources/updated"
        assert uri is not None
        return uri

    async def event(self) -> tuple[str, str | None]:
        """The method of the next notification, and the address that it names."""
        with anyio.fail_after(SECONDS):
            message = await anext(self._messages)
        assert message["params"]["_meta"][SUBSCRIPTION_ID] == self._request_id
        return message["method"], message["params"].get("uri")

    async def uris_to_the_end(self) -> list[str]:
        """Every address named until the stream ends as the protocol wants it: with a result."""
        uris: list[str] = []
        with anyio.fail_after(SECONDS):
            async for message in self._messages:
                if "result" in message:
                    assert message["id"] == self._request_id
                    assert message["result"]["_meta"][SUBSCRIPTION_ID] == self._request_id
                    return uris
                uris.append(message["params"]["uri"])
        raise AssertionError("the stream was cut off")


@asynccontextmanager
async def follow(
    client: McpClient, *uris: str, listing: bool = False, also: Sequence[str] = ()
) -> AsyncGenerator[Following]:
    """Follow these addresses, and with `listing` what is listed, while the block runs; the acknowledgement has arrived
    when it starts. `also` are further lists to hear of."""
    wanted: dict[str, Any] = {"resourceSubscriptions": list(uris), **dict.fromkeys(also, True)}
    if listing:
        wanted["resourcesListChanged"] = True
    message = client.message("subscriptions/listen", {"notifications": wanted})
    headers = client.headers("subscriptions/listen")
    timeout = httpx.Timeout(SECONDS)
    async with client.http.stream("POST", client.path, json=message, headers=headers, timeout=timeout) as response:
        if response.headers["content-type"] != "text/event-stream":
            raise AssertionError((await response.aread()).decode())
        messages = _messages(response)
        first = await anext(messages)
        assert first["method"] == "notifications/subscriptions/acknowledged", first
        yield Following(first["params"]["notifications"], message["id"], messages)


async def stop_watching_for_shutdown() -> None:
    """End the task with which sse_starlette waits for the end of the process, once a stream of an older revision was
    open."""
    watchers = [task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__name__", "") == "_shutdown_watcher"]
    for task in watchers:
        task.cancel()
    if watchers:
        await asyncio.wait(watchers)


async def _messages(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    async for line in response.aiter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))
