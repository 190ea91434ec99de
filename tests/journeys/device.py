"""A client program on one of a person's devices, whichever library it is made with."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal

import httpx2
import jwt
from mcp.client.auth import OAuthClientProvider
from mcp.shared.auth import OAuthToken
from mcp_types import CallToolResult

from app.db import create_engine
from app.oauth.signing.key_ring import KeyRing
from app.oauth.tokens.policy import token_policy
from app.settings import Settings

Mode = Literal["auto", "legacy"]
"""How the client finds its protocol era: asks the server, or insists on the handshake."""

ERAS: Final[dict[Mode, str]] = {"auto": "2026-07-28", "legacy": "2025-11-25"}

AGO: Final = timedelta(hours=9)
"""How long ago an expired token was issued."""


@dataclass
class Wire:
    """Each request of a client and the status of its answer, in order."""

    seen: list[tuple[str, str, int]] = field(default_factory=list[tuple[str, str, int]])

    async def note(self, response: httpx2.Response) -> None:
        """A response hook."""
        self.seen.append((response.request.method, response.request.url.path, response.status_code))

    def forget(self) -> None:
        """Start anew."""
        self.seen.clear()


@dataclass(frozen=True)
class Device:
    """A connected client."""

    call_tool: Callable[..., Awaitable[CallToolResult]]
    protocol_version: str | None
    oauth: OAuthClientProvider
    wire: Wire

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The structured result of a call that is not refused."""
        result = await self.call_tool(tool, arguments)
        assert not result.is_error, result
        assert result.structured_content is not None
        return result.structured_content

    async def names(self, **arguments: Any) -> list[str]:
        """The names on a list, in its order."""
        return [item["name"] for item in (await self.call("list_items", **arguments))["items"]]

    @property
    def tokens(self) -> OAuthToken:
        """The tokens it holds now."""
        assert self.oauth.context.current_tokens is not None
        return self.oauth.context.current_tokens

    async def let_the_access_token_expire(self, settings: Settings) -> str:
        """Give it the access token that it would hold an hour after it got it, and what it would know by then.

        The token is a real one: of its grant, signed by the service's key, with times that have passed.
        """
        expired = await expired_copy(settings, self.tokens.access_token)
        context = self.oauth.context
        context.current_tokens = self.tokens.model_copy(update={"access_token": expired})
        context.token_expiry_time = time.time() - (AGO - token_policy(settings).access_token_life).total_seconds()
        return expired

    async def keep_what_it_holds(self) -> None:
        """Let it write its tokens where it finds them when it is started again."""
        assert self.oauth.context.token_expiry_time is not None
        expires_in = int(self.oauth.context.token_expiry_time - time.time())
        await self.oauth.context.storage.set_tokens(self.tokens.model_copy(update={"expires_in": expires_in}))


async def expired_copy(settings: Settings, token: str) -> str:
    """The same access token, issued nine hours earlier."""
    claims = jwt.decode(token, options={"verify_signature": False})
    assert settings.database_url is not None
    engine = create_engine(settings.database_url.get_secret_value(), pool_size=1)
    try:
        keys = KeyRing(engine, settings.secret_keys)
        await keys.load()
    finally:
        await engine.dispose()
    earlier = AGO.total_seconds()
    return keys.sign({**claims, "iat": int(claims["iat"] - earlier), "exp": int(claims["exp"] - earlier)})
