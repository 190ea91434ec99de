"""An OAuth client together with the person at the browser: what both send to connect an app."""

import html
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx

REDIRECT_URI: Final = "http://localhost:49152/callback"
EMAIL: Final = "anna@example.org"
PASSWORD: Final = "correct horse battery"


class Page(HTMLParser):
    """The links of a page, and its forms as they are filled in: by action, the values of each field."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: dict[str, dict[str, list[str]]] = {}
        self._fields: dict[str, list[str]] = {}
        self.feed(response.raise_for_status().text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(given["href"])
        elif tag == "form":
            self._fields = self.forms.setdefault(given["action"], {})
        elif tag == "input" and (given["type"] not in ("checkbox", "radio") or "checked" in given):
            self._fields.setdefault(given["name"], []).append(given.get("value", ""))


@dataclass
class OAuthClient:
    """A public client; `http` must follow redirects and keep cookies, and is its person's browser, too."""

    http: httpx.AsyncClient
    base_url: str
    client_id: str = ""
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    async def register(self) -> None:
        """Register the client (RFC 7591)."""
        metadata = {"client_name": "bench", "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "none"}
        response = await self.http.post(f"{self.base_url}/oauth/register", json=metadata)
        self.client_id = response.raise_for_status().json()["client_id"]

    async def sign_up(self) -> None:
        """Make the account of the person on the way to the consent page."""
        response = await self._request_authorization()
        link = next(each for each in Page(response).links if "/oauth/sign-up?" in each)
        response = await self.http.get(response.url.join(link))
        await self._submit(response, "/oauth/sign-up", email=EMAIL, password=PASSWORD)

    async def get_code(self) -> str:
        """Request authorization, sign in and consent; return the code."""
        response = await self._request_authorization()
        response = await self._submit(response, "/oauth/sign-in", email=EMAIL, password=PASSWORD)
        response = await self._submit(response, "/oauth/consent", decision="approve")
        target = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', response.text)
        assert target is not None, response.text
        return parse_qs(urlsplit(html.unescape(target[1])).query)["code"][0]

    async def redeem(self, code: str) -> str:
        """Exchange a code for tokens; return the refresh token."""
        return await self._get_refresh_token(
            grant_type="authorization_code", code=code, redirect_uri=REDIRECT_URI, code_verifier=self.verifier
        )

    async def refresh(self, refresh_token: str) -> str:
        """Exchange a refresh token; return the one that replaces it."""
        return await self._get_refresh_token(grant_type="refresh_token", refresh_token=refresh_token)

    async def _request_authorization(self) -> httpx.Response:
        challenge = urlsafe_b64encode(sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": REDIRECT_URI,
            "state": "state",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "resource": f"{self.base_url}/mcp",
        }
        return await self.http.get(f"{self.base_url}/oauth/authorize", params=parameters)

    async def _submit(self, response: httpx.Response, path: str, **values: str) -> httpx.Response:
        action, fields = next(each for each in Page(response).forms.items() if urlsplit(each[0]).path.endswith(path))
        return await self.http.post(response.url.join(action), data={**fields, **values})

    async def _get_refresh_token(self, **parameters: str) -> str:
        sent = {"client_id": self.client_id, "resource": f"{self.base_url}/mcp", **parameters}
        response = await self.http.post(f"{self.base_url}/oauth/token", data=sent)
        tokens: dict[str, Any] = response.raise_for_status().json()
        return tokens["refresh_token"]
