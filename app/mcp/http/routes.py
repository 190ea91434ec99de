"""The MCP endpoints as routes: CORS, then the bearer check, then the short way or the SDK's transport."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache, partial

from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.access.authenticator import Authenticator
from app.audit.log import AuditLog
from app.db import Engine
from app.limits.concurrency import Slots
from app.limits.defaults import CALLS_AT_ONCE
from app.mcp.catalogue import ENDPOINTS, McpEndpoint
from app.mcp.elicitation import Elicitation
from app.mcp.http.bearer_auth import AccessPolicy, BearerAuthMiddleware
from app.mcp.http.cors import PageCors
from app.mcp.http.resource_metadata import metadata_url, resource_metadata_routes
from app.mcp.http.short_way import ShortWay
from app.mcp.http.transports import Transports
from app.mcp.server import build_server
from app.mcp.subscriptions import Subscriptions
from app.pubsub import PubSub
from app.resources import CORE, GUEST, READ_ONLY, RESOURCES
from app.settings import Settings
from app.ui.hosts import own_hosts
from app.ui.languages import Visit, during
from app.ui.pages import Pages


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
        self._authenticator = authenticator
        self._audit = audit
        self._pages = Pages(settings.public_path, "app.mcp")
        self._at_once = Slots(CALLS_AT_ONCE).of()
        self.subscriptions = Subscriptions(engine, authenticator, pubsub)
        elicitation = Elicitation(settings.secret_keys)
        built = [
            build_server(
                endpoint,
                settings.public_url,
                engine,
                authenticator,
                pubsub.lists_changed,
                pubsub.members_changed,
                self.subscriptions,
                audit,
                elicitation,
            )
            for endpoint in endpoints
        ]
        self.servers = [server for server, _ in built]
        self._transports = {
            endpoint: Transports(endpoint, server) for endpoint, server in zip(endpoints, self.servers, strict=True)
        }
        self._short_ways: dict[McpEndpoint, ShortWay | None] = {
            endpoint: way if short_way else None for endpoint, (_, way) in zip(endpoints, built, strict=True)
        }
        protected = [(endpoint.path, self._protected(endpoint)) for endpoint in endpoints]
        self.by_path: Mapping[str, ASGIApp] = {
            address: app for path, app in protected for address in (path, f"{path}/")
        }
        """What serves each endpoint, with and without a trailing slash: hosts add one, and few follow a redirect."""

    def routes(self) -> list[BaseRoute]:
        """Return the metadata of each endpoint, and the endpoints."""
        return [
            *resource_metadata_routes(self._settings, RESOURCES),
            *(Route(path, app) for path, app in self.by_path.items()),
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
        # A grant for all of /mcp is not one for what guests have, and nobody signs in there.
        admitted = [each for each in RESOURCES if endpoint.resource.admits(each.path)]
        policy = AccessPolicy(
            None if endpoint.for_guests else metadata_url(settings, endpoint.path),
            endpoint.resource.default_scopes,
            endpoint.scopes_of,
            resources=frozenset([GUEST] if endpoint.for_guests else admitted),
            origins=frozenset((*settings.allowed_origins, settings.public_origin)),
            page=cache(partial(self._page_of, endpoint)),
            url=f"{settings.public_url}{endpoint.path}",
            hosts=own_hosts(settings.public_url),
        )
        bearer_auth = BearerAuthMiddleware(
            self._transports[endpoint],
            policy,
            self._authenticator,
            self._audit,
            self._short_ways[endpoint],
            self._at_once,
        )
        # CORS is outermost, so that a preflight never meets the bearer check (Fetch standard: it has no credentials).
        return PageCors(bearer_auth, settings.allowed_origins)

    def _page_of(self, endpoint: McpEndpoint, language: str) -> Response:
        """Return what a browser shows at the address of an endpoint, as the answer to a method that it doesn't have."""
        with during(Visit(language)):
            page = self._pages.page(
                "endpoint.html",
                status=405,
                address=endpoint.resource.identifier(self._settings.public_url),
                only_reads=endpoint.resource == READ_ONLY,
                only_everyday=endpoint.resource == CORE,
                for_guests=endpoint.for_guests,
            )
        page.headers["Allow"] = "POST"
        return page


class EndpointsFirst:
    """Middleware that hands requests to the endpoints without asking the router: most requests are theirs.

    Below a root path of the server, where paths begin with that, the router finds them.
    """

    def __init__(self, app: ASGIApp, endpoints: Mapping[str, ASGIApp]) -> None:
        self._app = app
        self._endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        is_http = scope["type"] == "http" and not scope.get("root_path")
        app = self._endpoints.get(scope["path"], self._app) if is_http else self._app
        await app(scope, receive, send)
