"""The service with an external issuer, which runs as a process of its own."""

from collections.abc import Generator
from typing import Any

import httpx
import pytest

from app.settings import Settings
from app.settings.external_issuers import ExternalIssuer
from tests.mcp.client import McpClient
from tests.oidc_provider.process import Provider, RemoteControl, running_provider


@pytest.fixture(scope="session")
def provider() -> Generator[Provider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
def issuer(provider: Provider) -> RemoteControl:
    """An issuer that marks its access tokens as such."""
    return provider.issuer()


@pytest.fixture
def plain_issuer(provider: Provider) -> RemoteControl:
    """An issuer whose access tokens are plain JWTs."""
    return provider.issuer()


@pytest.fixture
def settings(settings: Settings, issuer: RemoteControl, plain_issuer: RemoteControl) -> Settings:
    trusted = [
        ExternalIssuer(issuer=issuer.identifier),
        ExternalIssuer(issuer=plain_issuer.identifier, token_type="JWT"),
    ]
    return settings.model_copy(update={"oidc_issuers": trusted})


class Resource:
    """The service as a holder of tokens sees it."""

    def __init__(self, http: httpx.AsyncClient, settings: Settings) -> None:
        self.http = http
        self.audience = settings.resource

    def token(self, issuer: RemoteControl, **changes: Any) -> str:
        """A token of `issuer` for this service, with changed claims."""
        return issuer.sign(issuer.claims(self.audience, **changes))

    def client(self, token: str) -> McpClient:
        """A client that holds a token."""
        return McpClient(self.http, token)

    async def status(self, token: str) -> int:
        """How a call with the token is answered. A refusal never says which check failed."""
        response = await self.client(token).send("tools/list")
        if response.status_code == 401:
            assert response.json()["error_description"] == "The access token is not valid. Sign in again."
            assert 'error="invalid_token"' in response.headers["www-authenticate"]
        return response.status_code


@pytest.fixture
def resource(http: httpx.AsyncClient, settings: Settings) -> Resource:
    return Resource(http, settings)
