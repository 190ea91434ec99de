"""A client that gets its tokens as the RFCs say: registration, PKCE, authorization, token endpoint."""

import secrets
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit

import httpx

from tests.oauth.browser import PASSWORD, Browser, Page, sign_up_and_approve

REDIRECT_URI = "http://localhost:49152/callback"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One authorization request of a client: its verifier, state and address."""

    client_id: str
    base_url: str
    redirect_uri: str = REDIRECT_URI
    scope: str | None = None
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    @property
    def challenge(self) -> str:
        """The S256 challenge of the verifier."""
        return urlsafe_b64encode(sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()

    def parameters(self, **changes: str | None) -> dict[str, str]:
        """The authorization request; None leaves a parameter out."""
        parameters: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "state": self.state,
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
            "resource": f"{self.base_url}/mcp",
            "scope": self.scope,
            **changes,
        }
        return {name: value for name, value in parameters.items() if value is not None}

    def url(self, **changes: str | None) -> str:
        """The address to open in a browser."""
        return f"{self.base_url}/oauth/authorize?{urlencode(self.parameters(**changes))}"

    def redemption(self, code: str | None, **changes: str | None) -> dict[str, str]:
        """The token request for a code; None leaves a parameter out."""
        parameters: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "client_id": self.client_id,
            "code_verifier": self.verifier,
            "resource": f"{self.base_url}/mcp",
            **changes,
        }
        return {name: value for name, value in parameters.items() if value is not None}


async def register(http: httpx.AsyncClient, base_url: str, **metadata: Any) -> dict[str, Any]:
    """Register a client, by default a public one with a loopback redirect, and return the response."""
    body = {
        "client_name": "A test client",
        "redirect_uris": [REDIRECT_URI],
        "token_endpoint_auth_method": "none",
        **metadata,
    }
    response = await http.post(f"{base_url}/oauth/register", json=body)
    assert response.status_code == 201, response.text
    return response.json()


def code_of(location: str) -> str:
    """The code in a redirect to the client."""
    return parse_qs(urlsplit(location).query)["code"][0]


async def consent_page(
    http: httpx.AsyncClient, base_url: str, email: str, **changes: str | None
) -> tuple[Attempt, Page]:
    """A new person in front of the consent page for a freshly registered public client."""
    attempt = Attempt((await register(http, base_url))["client_id"], base_url)
    return attempt, await Browser(http).sign_up(attempt.url(**changes), email)


async def approved_code(
    http: httpx.AsyncClient, base_url: str, email: str, **choices: str | list[str]
) -> tuple[Attempt, str]:
    """A code that a new person has just approved, with `choices` made on the consent page."""
    attempt, page = await consent_page(http, base_url, email)
    return attempt, code_of(await Browser(http).approve(page, **choices))


def basic(client_id: str, secret: str) -> dict[str, str]:
    """The header by which a client proves itself with its secret (RFC 6749 section 2.3.1)."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


async def redeem(http: httpx.AsyncClient, attempt: Attempt, code: str, **changes: str | None) -> httpx.Response:
    """The token endpoint's answer to a code."""
    return await http.post(f"{attempt.base_url}/oauth/token", data=attempt.redemption(code, **changes))


async def refresh(
    http: httpx.AsyncClient, base_url: str, client_id: str, refresh_token: str, **more: str
) -> httpx.Response:
    """The token endpoint's answer to a refresh token."""
    data = {"grant_type": "refresh_token", "client_id": client_id, "refresh_token": refresh_token, **more}
    return await http.post(f"{base_url}/oauth/token", data=data)


async def tokens_for(
    http: httpx.AsyncClient, base_url: str, email: str, *, scope: str | None = None, password: str = PASSWORD
) -> dict[str, Any]:
    """Tokens of a person for a freshly registered public client: the token endpoint's answer, with `client_id`.

    `http` is the person's browser and the client in one; give each person their own. The level is the one that `scope`
    asks for, the household the person's first, the duration 30 days.
    """
    registered = await register(http, base_url)
    attempt = Attempt(registered["client_id"], base_url, scope=scope)
    location = await sign_up_and_approve(http, attempt.url(), email, password)
    response = await http.post(f"{base_url}/oauth/token", data=attempt.redemption(code_of(location)))
    assert response.status_code == 200, response.text
    return {**response.json(), "client_id": attempt.client_id}
