"""The MCP endpoints as routes: CORS, then the gate, then the SDK's transport."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from app.access.authenticator import Authenticator
from app.audit.log import AuditLog
from app.db import Engine
from app.mcp.doors import DOORS, McpEndpoint
from app.mcp.http.bearer_auth import AccessPolicy, BearerAuthMiddleware
from app.mcp.http.challenges import Challenges
from app.mcp.http.resource_metadata import metadata_url
from app.mcp.server import build_server, build_transport
from app.mcp.subscriptions import Subscriptions
from app.pubsub import PubSub
from app.resources import RESOURCES
from app.settings import Settings

EXPOSED_HEADERS: Final = ("WWW-Authenticate", "Retry-After", "X-Request-Id")
PREFLIGHT_SECONDS: Final = 600


class Endpoints:
    """Every door with its transport; `running` must be entered before the routes are served."""

    def __init__(
        self, settings: Settings, engine: Engine, identify: Authenticator, pubsub: PubSub, audit: AuditLog
    ) -> None:
        self._settings = settings
        self._identify = identify
        self._audit = audit
        self.subscriptions = Subscriptions(engine, identify, pubsub)
        self.servers = [
            build_server(door, settings, engine, pubsub.lists_changed, self.subscriptions, audit) for door in DOORS
        ]
        self._transports = {door: build_transport(server) for door, server in zip(DOORS, self.servers, strict=True)}

    def routes(self) -> list[BaseRoute]:
        """A route for each door, with and without a trailing slash: hosts add one, and few follow a redirect."""
        return [Route(address, self._guarded(door)) for door in DOORS for address in (door.path, f"{door.path}/")]

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Keep the transports and the open streams running."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.subscriptions.running())
            for transport in self._transports.values():
                await stack.enter_async_context(transport.run())
            yield

    def _guarded(self, door: McpEndpoint) -> ASGIApp:
        settings = self._settings
        entrance = AccessPolicy(
            Challenges(metadata_url(settings, door.path), door.resource.default_scopes),
            door.scopes_of,
            resources=frozenset(each for each in RESOURCES if door.resource.admits(each.path)),
            origins=frozenset((*settings.allowed_origins, settings.public_origin)),
        )
        gate = BearerAuthMiddleware(self._transports[door].handle_request, entrance, self._identify, self._audit)
        # Outermost, so that a preflight never meets the bearer check (Fetch standard: it carries no credentials).
        return CORSMiddleware(
            gate,
            allow_origins=settings.allowed_origins,
            allow_methods=["POST"],
            allow_headers=["*"],  # Mcp-Param-* is an open set
            expose_headers=EXPOSED_HEADERS,
            max_age=PREFLIGHT_SECONDS,
        )
