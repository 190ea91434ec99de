"""Wire the parts of the application together; this happens nowhere else."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from app.access.api_keys import ApiKeys
from app.access.authenticator import Authenticator
from app.access.grant_cache import GrantCache
from app.access.guest_callers import GuestCallers
from app.alerts.letters import LetterWriter
from app.alerts.push_keys import push_keys_of
from app.alerts.push_sender import PushSender
from app.audit.log import AuditLog
from app.db import create_engine
from app.db.revision import Readiness
from app.errors import StartupError
from app.fetch.fetcher import Fetcher, fetcher_of
from app.households.tenant import ListsChanged, MembersChanged
from app.jobs.alerts import AlertWork, alerts_running
from app.jobs.audit_chain import audit_chain_running
from app.jobs.runner import chores_running, keep_up
from app.limits.rate_limit import RateLimiter
from app.mcp.catalogue import TOOLS, McpEndpoint, endpoints_of
from app.mcp.http.routes import EndpointsFirst, McpEndpoints
from app.mcp.spec import AnyTool
from app.oauth.authorize.pending_requests import PendingRequests
from app.oauth.clients.policy import ClientPolicy
from app.oauth.context import OAuthContext
from app.oauth.external.grants import ExternalGrants
from app.oauth.external.trusted_issuers import embedded_issuer, external_issuers
from app.oauth.oidc_login.provider import OidcProvider
from app.oauth.routes import oauth_routes
from app.oauth.signing.key_ring import KeyRing
from app.oauth.tokens.policy import token_policy
from app.oauth.tokens.verifier import TokenVerifier
from app.people.login_throttle import LoginThrottle
from app.people.passkeys.challenges import PasskeyChallenges
from app.people.passkeys.models import relying_party
from app.people.password_sign_in import PasswordSignIn
from app.people.passwords import PasswordHashing
from app.pubsub import PubSub
from app.recipes.web_page import ReadPage, page_reader
from app.runtime.clock import system_clock
from app.runtime.health import health_routes
from app.runtime.logging import configure_logging
from app.runtime.mailer import Mailer
from app.runtime.process import exit_with_parent, freeze_gc, on_stop
from app.runtime.request_log import RequestLog
from app.settings import Settings
from app.ui.cookies import BrowserCookie
from app.ui.forms import CsrfProtection
from app.ui.hosts import HostCheck
from app.ui.installable import installable_routes
from app.ui.language_choice import language_route
from app.ui.page_kit import PageKit
from app.ui.pages import Pages
from app.ui.security_headers import SecurityHeaders
from app.ui.static_files import static_files
from app.web.about import DescribedTool, about_routes
from app.web.context import WebContext
from app.web.landing import landing_routes
from app.web.lists.streams import ListStreams
from app.web.not_found import missing_handlers
from app.web.routes import web_routes


def create_app(
    settings: Settings,
    mcp_endpoints: Sequence[McpEndpoint] | None = None,
    *,
    short_way: bool = True,
    one_message: bool = True,
    sends_alerts: bool = True,
) -> Starlette:
    """Return the ASGI application for `settings`, which must name a database and hold a SECRET_KEY.

    Without `short_way` every MCP request goes through the SDK's transport, and without `one_message` each call has a
    transaction of several messages, whatever the database can do: tests compare the ways. Without `sends_alerts` no
    pushes and daily letters are sent: tests do that themselves, at times of their own.
    """
    if settings.database_url is None:
        raise StartupError("DATABASE_URL: required here; python -m app serve brings a database of its own")
    database_url = settings.database_url.get_secret_value()
    engine = create_engine(database_url, one_message=one_message)
    pubsub = PubSub(database_url)
    fetcher = fetcher_of(settings)
    list_streams = ListStreams(pubsub)
    limiter = RateLimiter(settings.rate_limit_storage_url.get_secret_value(), enabled=settings.limits)
    mailer = Mailer(settings.smtp)
    audit = AuditLog(engine, settings.secret_keys[0])
    keys = KeyRing(engine, settings.secret_keys) if settings.auth_server else None
    issuers = external_issuers(settings.oidc_issuers, fetcher)
    if keys is not None:
        issuers.append(embedded_issuer(settings.issuer, keys))
    authenticator = Authenticator(
        engine,
        TokenVerifier(settings.resource, issuers),
        GrantCache(pubsub),
        limiter,
        api_keys=ApiKeys(engine, settings.issuer) if keys is not None else None,
        external=ExternalGrants(engine, settings.resource),
        guests=GuestCallers(engine, limiter, settings.issuer) if keys is not None else None,
    )
    read_page = page_reader(settings, fetcher, limiter)
    if mcp_endpoints is None:
        mcp_endpoints = endpoints_of(read_page)
    endpoints = McpEndpoints(settings, engine, authenticator, pubsub, audit, mcp_endpoints, short_way=short_way)
    routes = [*health_routes(Readiness(engine)), *endpoints.routes(), *_landing_routes(settings)]
    routes += about_routes(settings, [_described(tool) for tool in TOOLS], system_clock)
    routes += [language_route(settings.public_url), static_files()]
    routes += installable_routes(settings.public_path, has_lists=settings.auth_server)
    if keys is not None:
        policy = client_policy(settings)
        context = OAuthContext(
            settings.public_url,
            policy,
            engine,
            system_clock,
            audit,
            keys,
            pubsub.grant_ended,
            limiter,
            token_policy(settings),
        )
        routes += authorization_server_routes(
            settings,
            context,
            fetcher,
            mailer,
            PasswordHashing(),
            pubsub.lists_changed,
            pubsub.members_changed,
            list_streams,
            read_page,
            pubsub.others_told,
        )

    push_sender = PushSender(fetcher, push_keys_of(settings), settings.secret_keys)
    writer = LetterWriter(engine, mailer, settings.public_url, settings.secret_keys[0]) if mailer.enabled else None
    alert_work = AlertWork(engine, push_sender, writer, settings.public_path)

    def end_streams() -> None:
        endpoints.subscriptions.close()
        list_streams.close()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        upkeep = partial(keep_up, engine, keys.secret_key if keys is not None else None)
        try:
            if keys is not None:
                await keys.load()
            # Closed from the last to the first: the work stops, its audit entries are written, and those are chained.
            async with (
                audit_chain_running(engine, settings.secret_keys, settings.audit_days),
                audit.running(),
                pubsub.running(),
                mailer.running(),
                endpoints.running(),
                chores_running(engine, pubsub.lists_changed, upkeep),
                alerts_running(alert_work, pubsub) if sends_alerts else nullcontext(),
            ):
                with on_stop(end_streams):
                    try:
                        yield
                    finally:
                        list_streams.close()
        finally:
            await limiter.close()
            await engine.dispose()

    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(SecurityHeaders, public_url=settings.public_url),
            Middleware(RequestLog),
            Middleware(HostCheck, public_url=settings.public_url),
            Middleware(EndpointsFirst, endpoints=endpoints.by_path),
        ],
        exception_handlers=missing_handlers(settings.public_path),
        lifespan=lifespan,
    )
    # A redirect would name the scheme and host of the request instead of PUBLIC_URL's.
    app.router.redirect_slashes = False
    app.state.endpoints, app.state.pubsub, app.state.audit = endpoints, pubsub, audit
    app.state.list_streams = list_streams
    return app


async def nobody_to_tell() -> None:
    """Return at once: no other process serves."""


def authorization_server_routes(
    settings: Settings,
    context: OAuthContext,
    fetcher: Fetcher,
    mailer: Mailer,
    hashing: PasswordHashing,
    lists_changed: ListsChanged,
    members_changed: MembersChanged,
    list_streams: ListStreams,
    read_page: ReadPage | None = None,
    others_told: Callable[[], Awaitable[None]] = nobody_to_tell,
) -> list[BaseRoute]:
    """Return the routes of the authorization server and of the pages for people, which exist beside one only."""
    engine, clock = context.engine, context.clock
    secret_key = settings.secret_keys[0]
    kit = PageKit(
        engine,
        clock,
        Pages(settings.public_path, "app.oauth.authorize", "app.web"),
        CsrfProtection(secret_key, settings.public_origin),
        BrowserCookie(settings.public_url),
        settings.public_path,
    )
    login = settings.oidc_login
    provider = None if login is None else OidcProvider(login, settings.public_url, secret_key, fetcher, clock)
    throttle = LoginThrottle(secret_key, enabled=settings.limits)
    rp = relying_party(settings.public_url) if settings.password_sign_in else None
    web = WebContext(
        kit=kit,
        client_requests=PendingRequests(kit),
        audit=context.audit,
        limiter=context.limiter,
        password_sign_in=PasswordSignIn(engine, hashing, throttle, clock),
        passkeys=None if rp is None else PasskeyChallenges(engine, rp, throttle, clock),
        mailer=mailer,
        oidc_provider=provider,
        grant_revoked=context.grant_revoked,
        lists_changed=lists_changed,
        members_changed=members_changed,
        list_streams=list_streams,
        push_keys=push_keys_of(settings),
        secret_keys=settings.secret_keys,
        others_told=others_told,
        public_url=settings.public_url,
        has_passwords=settings.password_sign_in,
        read_page=read_page,
    )
    provider_name = None if provider is None else provider.name
    return [
        *oauth_routes(context, kit, fetcher, provider_name=provider_name, sends_emails=mailer.enabled),
        *web_routes(web),
    ]


def client_policy(settings: Settings) -> ClientPolicy:
    """Return which clients the settings accept."""
    return ClientPolicy(
        settings.oauth_redirect_schemes, settings.client_id_hosts_allowed, settings.client_id_hosts_denied
    )


def _landing_routes(settings: Settings) -> list[BaseRoute]:
    issuers = [] if settings.auth_server else [each.issuer for each in settings.oidc_issuers]
    return landing_routes(settings.public_url, issuers, has_passwords=settings.password_sign_in)


def _described(tool: AnyTool) -> DescribedTool:
    """Return what the page of the tools shows of one."""
    definition = tool.definition
    arguments: dict[str, dict[str, Any]] = definition.input_schema.get("properties", {})
    return DescribedTool(
        tool.name,
        definition.title or tool.name,
        definition.description or "",
        changes=not tool.hints.read_only,
        arguments=[(name, schema.get("description", "")) for name, schema in arguments.items()],
    )


def create_worker(settings: Settings) -> Starlette:
    """Return the application of one of several worker processes; their parent passes on its settings."""
    exit_with_parent()
    configure_logging(settings.log_level)
    app = create_app(settings)
    freeze_gc()
    return app
