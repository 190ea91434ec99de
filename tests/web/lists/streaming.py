"""A page that follows a list, as the service sees it: an ASGI request whose answer goes on."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream
from starlette.applications import Starlette

from tests.web.lists.pages import ListBrowser

SECONDS = 20


@dataclass
class Followed:
    """The answer: its status, its headers, and its events as they arrive."""

    parts: MemoryObjectReceiveStream[str]
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict[str, str])
    _rest: str = ""

    async def next(self) -> str:
        """The next event, such as `changed 12`, or a comment; empty at the end."""
        with anyio.fail_after(SECONDS):
            while "\n\n" not in self._rest:
                try:
                    self._rest += await self.parts.receive()
                except anyio.EndOfStream:
                    return ""
        event, _, self._rest = self._rest.partition("\n\n")
        return event.replace("event: ", "").replace("\ndata: ", " ")

    async def next_event(self) -> str:
        """The next event that is no comment and no advice on when to come back."""
        while (event := await self.next()).startswith((":", "retry")):
            pass
        return event


@asynccontextmanager
async def following(app: Starlette, browser: ListBrowser, ref: str = "L1") -> AsyncGenerator[Followed]:
    """Follow a list while the block runs, then close the page."""
    send, receive = anyio.create_memory_object_stream[str](1_000)
    closed, begun = anyio.Event(), anyio.Event()
    followed = Followed(receive)

    async def from_browser() -> dict[str, Any]:
        await closed.wait()
        return {"type": "http.disconnect"}

    async def to_browser(message: Any) -> None:
        if message["type"] == "http.response.start":
            followed.status = message["status"]
            followed.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            begun.set()
        elif message.get("body"):
            await send.send(message["body"].decode())

    async def serve() -> None:
        await app(_scope(browser, ref), from_browser, to_browser)
        send.close()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serve)
        with anyio.fail_after(SECONDS):
            await begun.wait()
        yield followed
        closed.set()
    receive.close()


def _scope(browser: ListBrowser, ref: str) -> dict[str, Any]:
    base = urlsplit(str(browser.http.base_url))
    cookie = "; ".join(f"{each.name}={each.value}" for each in browser.http.cookies.jar)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": base.scheme,
        "path": f"/lists/{ref}/live",
        "raw_path": b"",
        "root_path": "",
        "query_string": f"household={browser.household}".encode(),
        "headers": [(b"host", base.netloc.encode()), (b"cookie", cookie.encode())],
        "client": ("127.0.0.1", 50000),
        "server": (base.hostname, base.port),
    }
