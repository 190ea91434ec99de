"""The application: the only place that wires the parts together."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from app.access.api_keys import ApiKeys
from app.access.authenticator import Authenticator
from app.access.grant_cache import GrantCache
from app.access.limits import AccessLimits
from app.audit.log import AuditLog
from app.db import Engine, create_engine
from app.db.migrate import Readiness
from app.errors import StartupError
from app.fetch.fetcher import Fetcher, fetcher_of
from app.jobs.audit_chain import audit_chain_running
from app.jobs.runner import chores_running, keep_up
from app.limits.counters import Counters
from app.mcp.http.endpoints import Endpoints
from app.mcp.http.resource_metadata import resource_metadata_routes
from app.oauth.assembly import OAuthParts, authorization_server
from app.oauth.authorize.pending_requests import PendingRequests
from app.oauth.context import OAuthContext
from app.oauth.external.grants import ExternalGrants
from app.oauth.external.trusted import external_issuers
from app.oauth.routes import oauth_routes
from app.oauth.signing.key_ring import KeyRing
from app.oauth.tokens.verifier import TokenVerifier
from app.pubsub import PubSub
from app.resources import RESOURCES
from app.runtime.health import health_routes
from app.runtime.logging import configure_logging
from app.runtime.mailer import Mailer
from app.runtime.process import exit_with_parent, freeze_gc, on_stop
from app.runtime.requests import RequestLog
from app.settings import Settings
from app.ui.hosts import HostCheck
from app.ui.routes import static_files
from app.web.context import WebContext
from app.web.landing import landing_routes
from app.web.not_found import missing_handlers
from app.web.routes import web_routes


@dataclass(frozen=True, slots=True)
class Parts:
    """What an application is made of; `keys` only with an authorization server of its own."""

    settings: Settings
    engine: Engine
    pubsub: PubSub
    fetcher: Fetcher
    counters: Counters
    mailer: Mailer
    audit: AuditLog
    keys: KeyRing | None
    endpoints: Endpoints


def create_app(settings: Settings) -> Starlette:
    """The ASGI application for `settings`, which must name a database and hold a SECRET_KEY."""
    parts = _parts(settings)
    app = Starlette(
        routes=_routes(parts),
        middleware=[Middleware(RequestLog), Middleware(HostCheck, settings=settings)],
        exception_handlers=missing_handlers(settings),
        lifespan=lambda _: _running(parts),
    )
    # A redirect would name the scheme and host of the request instead of PUBLIC_URL's.
    app.router.redirect_slashes = False
    app.state.endpoints = parts.endpoints
    app.state.pubsub = parts.pubsub
    app.state.audit = parts.audit
    return app


def _parts(settings: Settings) -> Parts:
    if settings.database_url is None:
        raise StartupError("DATABASE_URL: required here; python -m app serve brings a database of its own")
    database_url = settings.database_url.get_secret_value()
    engine = create_engine(database_url)
    pubsub = PubSub(database_url)
    fetcher = fetcher_of(settings)
    counters = Counters(settings.rate_limit_storage_url.get_secret_value())
    mailer = Mailer(settings)
    audit = AuditLog(engine, settings.secret_keys[0])
    keys = KeyRing(engine, settings) if settings.auth_server else None
    identify = Authenticator(
        engine,
        TokenVerifier(settings, keys, external_issuers(settings, fetcher)),
        GrantCache(pubsub),
        AccessLimits.of(settings, counters),
        api_keys=ApiKeys(engine, settings.issuer) if keys is not None else None,
        external=ExternalGrants(engine, settings.resource),
    )
    endpoints = Endpoints(settings, engine, identify, pubsub, audit)
    return Parts(settings, engine, pubsub, fetcher, counters, mailer, audit, keys, endpoints)


@asynccontextmanager
async def _running(parts: Parts) -> AsyncGenerator[None]:
    """Everything that goes on beside the requests."""
    engine, keys = parts.engine, parts.keys
    upkeep = partial(keep_up, engine, None if keys is None else keys.secret_key)
    try:
        if keys is not None:
            await keys.load()
        # Closed from the last to the first: the work stops, its audit entries are written, and those are chained.
        async with (
            audit_chain_running(engine, parts.settings.secret_keys, parts.settings.audit_days),
            parts.audit.running(),
            parts.pubsub.running(),
            parts.mailer.running(),
            parts.endpoints.running(),
            chores_running(engine, parts.pubsub.lists_changed, upkeep),
        ):
            with on_stop(parts.endpoints.subscriptions.close):
                yield
    finally:
        await parts.counters.close()
        await engine.dispose()


def _routes(parts: Parts) -> list[BaseRoute]:
    settings = parts.settings
    return [
        *health_routes(Readiness(parts.engine)),
        *resource_metadata_routes(settings, RESOURCES),
        *parts.endpoints.routes(),
        *_authorization_routes(parts),
        *landing_routes(settings),
        static_files(),
    ]


def _authorization_routes(parts: Parts) -> list[BaseRoute]:
    if parts.keys is None:
        return []
    around = OAuthParts(
        engine=parts.engine,
        keys=parts.keys,
        audit=parts.audit,
        fetcher=parts.fetcher,
        mailer=parts.mailer,
        grant_revoked=parts.pubsub.grant_ended,
        counters=parts.counters,
    )
    server = authorization_server(parts.settings, around)
    return [*oauth_routes(server), *web_routes(web_context(server))]


def web_context(server: OAuthContext) -> WebContext:
    """The pages for people beside an authorization server."""
    return WebContext(
        kit=server.kit,
        client_requests=PendingRequests(server.kit),
        audit=server.audit,
        sign_ins=server.limits.sign_ins,
        password_sign_in=server.password_sign_in,
        mailer=server.mailer,
        oidc_provider=server.oidc_provider,
        grant_revoked=server.grant_revoked,
        public_url=server.settings.public_url,
        has_passwords=server.settings.password_sign_in,
    )


def create_worker(settings: Settings) -> Starlette:
    """Make the application of one of several worker processes; `settings` come from their parent."""
    exit_with_parent()
    configure_logging(settings.log_level)
    app = create_app(settings)
    freeze_gc()
    return app
