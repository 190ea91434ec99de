"""The client of the official SDK, with its own OAuth."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import AnyUrl

from tests.journeys.device import Device, Mode, Wire
from tests.journeys.person import SECONDS, Person

REDIRECT_URI: Final = "http://localhost:49152/callback"


@dataclass
class Storage:
    """What the client keeps between two runs."""

    tokens: OAuthToken | None = None
    client_info: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client_info

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client_info = client_info


def provider(mcp_url: str, person: Person, storage: Storage) -> OAuthClientProvider:
    """The SDK's OAuth, which opens the person's browser and waits for the redirect."""
    redirects: list[str] = []

    async def open_browser(authorize_url: str) -> None:
        redirects.append(await person.approve(authorize_url))

    async def wait_for_redirect() -> AuthorizationCodeResult:
        answer = parse_qs(urlsplit(redirects.pop()).query)
        return AuthorizationCodeResult(code=answer["code"][0], state=answer["state"][0], iss=answer["iss"][0])

    metadata = OAuthClientMetadata(client_name="A desktop assistant", redirect_uris=[AnyUrl(REDIRECT_URI)])
    return OAuthClientProvider(mcp_url, metadata, storage, open_browser, wait_for_redirect)


@asynccontextmanager
async def official(
    mcp_url: str, person: Person, mode: Mode = "auto", storage: Storage | None = None
) -> AsyncGenerator[Device]:
    """The SDK's client on a device of the person, connected to nothing but the URL."""
    oauth, wire = provider(mcp_url, person, storage or Storage()), Wire()
    async with _connected(mcp_url, oauth, wire, mode) as client:
        yield Device(client.call_tool, client.protocol_version, oauth, wire)


@asynccontextmanager
async def official_client(mcp_url: str, person: Person, mode: Mode) -> AsyncGenerator[Client]:
    """The SDK's client itself, for what a device has no words for."""
    async with _connected(mcp_url, provider(mcp_url, person, Storage()), Wire(), mode) as client:
        yield client


@asynccontextmanager
async def _connected(mcp_url: str, oauth: OAuthClientProvider, wire: Wire, mode: Mode) -> AsyncGenerator[Client]:
    async with (
        httpx2.AsyncClient(auth=oauth, timeout=SECONDS, event_hooks={"response": [wire.note]}) as http,
        Client(streamable_http_client(mcp_url, http_client=http), mode=mode) as client,
    ):
        yield client
