"""The client of fastmcp, with its own OAuth: it opens the person's browser and listens for the redirect itself."""

import webbrowser
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx2
import pytest
from fastmcp import Client
from fastmcp.client.auth import OAuth
from fastmcp.client.transports import StreamableHttpTransport
from key_value.aio.stores.filetree import FileTreeStore, FileTreeV1KeySanitizationStrategy

from tests.journeys.device import Device, Mode, Wire
from tests.journeys.person import SECONDS, Person


@asynccontextmanager
async def fastmcp(mcp_url: str, person: Person, storage: Path, mode: Mode = "auto") -> AsyncGenerator[Device]:
    """fastmcp's client on a device of the person; it keeps its registration and tokens in the directory `storage`."""
    wire = Wire()

    def http_client(
        headers: dict[str, str] | None = None,
        timeout: httpx2.Timeout | None = None,
        auth: httpx2.Auth | None = None,
        *,
        follow_redirects: bool = False,
    ) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            headers=headers,
            timeout=timeout or SECONDS,
            auth=auth,
            follow_redirects=follow_redirects,
            event_hooks={"response": [wire.note]},
        )

    names = FileTreeV1KeySanitizationStrategy(storage)  # its keys are addresses, which make no file names
    oauth = OAuth(token_storage=FileTreeStore(data_directory=storage, key_sanitization_strategy=names))
    transport = StreamableHttpTransport(mcp_url, auth=oauth, httpx_client_factory=http_client)
    async with anyio.create_task_group() as desk:

        def open_browser(authorize_url: str) -> bool:
            desk.start_soon(person.visit, authorize_url)
            return True

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(webbrowser, "open", open_browser)
            async with Client(transport, mode=mode) as client:
                yield Device(client.call_tool_mcp, client.protocol_version, oauth, wire)
