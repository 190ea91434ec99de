"""The MCP endpoints as routes: CORS, then the bearer check, then the SDK's transport."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from app.access.authenticator import Authenticator
from app.audit.log import AuditLog
from app.db import Engine
from app.mcp.catalogue import ENDPOINTS, McpEndpoint
from app.mcp.http.bearer_auth import AccessPolicy, BearerAuthMiddleware
from app.mcp.http.resource_metadata import metadata_url, resource_metadata_routes
from app.mcp.http.short_way import ShortWay
from app.mcp.http.transports import Transports
from app.mcp.server import build_server
from app.mcp.subscriptions import Subscriptions
from app.pubsub import PubSub
from app.resources import RESOURCES
from app.settings import Settings

EXPOSED_HEADERS: Final = ("WWW-Authenticate", "Retry-After", "X-Request-Id")
PREFLIGHT_SECONDS: Final = 600


class McpEndpoints:
    """Every endpoint with its transports; `running` must be entered before the routes are served.

    Without `short_way` every request goes through the SDK's transport: tests compare the two.
    """

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        authenticator: Authenticator,
        pubsub: PubSub,
        audit: AuditLog,
        endpoints: Sequence[McpEndpoint] = ENDPOINTS,
        *,
        short_way: bool = True,
    ) -> None:
        self._settings = settings
        self._endpoints = endpoints
        self._authenticator = authenticator
        self._audit = audit
        self.subscriptions = Subscriptions(engine, authenticator, pubsub)
        built = [
            build_server(endpoint, settings.public_url, engine, pubsub.lists_changed, self.subscriptions, audit)
            for endpoint in endpoints
        ]
        self.servers = [server for server, _ in built]
        self._transports = {
            endpoint: Transports(endpoint, server) for endpoint, server in zip(endpoints, self.servers, strict=True)
        }
        self._short_ways: dict[McpEndpoint, ShortWay | None] = {
            endpoint: way if short_way else None for endpoint, (_, way) in zip(endpoints, built, strict=True)
        }

    def routes(self) -> list[BaseRoute]:
        """Return the metadata of each endpoint, and the endpoint with and without a trailing slash.

        Hosts add a slash, and few follow a redirect.
        """
        return [
            *resource_metadata_routes(self._settings, RESOURCES),
            *(
                Route(path, self._protected(endpoint))
                for endpoint in self._endpoints
                for path in (endpoint.path, f"{endpoint.path}/")
            ),
        ]

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Keep the transports and the open streams running."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.subscriptions.running())
            for transports in self._transports.values():
                await stack.enter_async_context(transports.running())
            yield

    def _protected(self, endpoint: McpEndpoint) -> ASGIApp:
        settings = self._settings
        policy = AccessPolicy(
            metadata_url(settings, endpoint.path),
            endpoint.resource.default_scopes,
            endpoint.scopes_of,
            resources=frozenset(each for each in RESOURCES if endpoint.resource.admits(each.path)),
            origins=frozenset((*settings.allowed_origins, settings.public_origin)),
        )
        # CORS is outermost, so that a preflight never meets the bearer check (Fetch standard: it has no credentials).
        return CORSMiddleware(
            BearerAuthMiddleware(
                self._transports[endpoint], policy, self._authenticator, self._audit, self._short_ways[endpoint]
            ),
            allow_origins=settings.allowed_origins,
            allow_methods=["POST"],
            allow_headers=["*"],  # Mcp-Param-* is an open set
            expose_headers=EXPOSED_HEADERS,
            max_age=PREFLIGHT_SECONDS,
        )
