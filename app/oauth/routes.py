"""The authorization server's routes, and where its parts are put together."""

from typing import Any
from uuid import UUID

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app.audit.log import AuditLog
from app.config import Settings
from app.db import Engine
from app.errors import AppError, StartupError
from app.oauth.account.routes import account_routes
from app.oauth.authorize import authorize
from app.oauth.consent import post_consent, show_consent
from app.oauth.documents import Documents
from app.oauth.failures import Failures
from app.oauth.faults import NOT_STORED
from app.oauth.introspect import introspect
from app.oauth.key_sets import KeySets
from app.oauth.keys import KeyRing
from app.oauth.limits import PerMinute
from app.oauth.metadata import openid_configuration, server_metadata
from app.oauth.outbound import outbound_of
from app.oauth.pages import Handler, page_route
from app.oauth.register import register
from app.oauth.revoke import revoke
from app.oauth.revoking import GrantRevoked
from app.oauth.server import AuthorizationServer
from app.oauth.signing_in import post_sign_in, post_sign_out, post_sign_up, show_sign_in, show_sign_up
from app.oauth.token import token
from app.oauth.upstream import CALLBACK_PATH, Upstream
from app.oauth.upstream_sign_in import finish_upstream, post_upstream
from app.oauth.verifier import TokenVerifier
from app.ops.clock import Clock, system_clock
from app.ops.counters import Counters
from app.ops.fetch import Fetcher, fetcher_of
from app.ops.mail import Mailer
from app.ops.rate_limit import LocalLimit, RateLimit
from app.people.accounts import Entry, FoundHousehold
from app.people.attempts import SlowDown
from app.people.passwords import PasswordHashing
from app.ui.cookies import BrowserCookie
from app.ui.forms import MAX_BODY, FormGuard
from app.ui.pages import Pages
from app.ui.refusals import say_when, status_of_refusal

# Clients in a browser call these endpoints from anywhere; they carry no cookie, so any origin may.
ANY_ORIGIN = Middleware(
    CORSMiddleware,
    allow_origins=["*"],
    allow_methods=["GET", "POST", "OPTIONS"],
    allow_headers=["*"],
    expose_headers=["WWW-Authenticate", "Retry-After"],
)


def oauth_routes(
    settings: Settings,
    engine: Engine,
    keys: KeyRing,
    found_household: FoundHousehold,
    audit: AuditLog,
    *,
    clock: Clock = system_clock,
    grant_revoked: GrantRevoked | None = None,
    counters: Counters | None = None,
    fetcher: Fetcher | None = None,
    mailer: Mailer | None = None,
    hashing: PasswordHashing | None = None,
    per_minute: PerMinute | None = None,
) -> list[BaseRoute]:
    """Every route of the authorization server.

    `found_household` is called inside the sign-up's transaction with the id of the new person's household, for which
    the transaction was opened. `audit` gathers what is refused. `grant_revoked` hears of each revoked grant after the
    commit. Rate limits count in `counters`, in the memory of this process unless given. `fetcher` gets clients'
    documents and keys; the one of the settings unless given. Whoever gives a `mailer` runs it; `hashing` is the queue
    for passwords, and `per_minute` the limits.
    Raises `StartupError` without a SECRET_KEY.
    """
    server = _server(
        settings,
        engine,
        keys,
        found_household,
        audit,
        clock,
        grant_revoked or _ignore,
        counters or Counters(),
        fetcher or fetcher_of(settings),
        mailer or Mailer(settings),
        hashing or PasswordHashing(),
        per_minute or PerMinute(),
    )
    return [
        *_metadata_routes(settings),
        _client_route("/oauth/jwks.json", _jwks, server, "GET"),
        _client_route("/oauth/register", register, server, "POST"),
        _client_route("/oauth/token", token, server, "POST"),
        _client_route("/oauth/introspect", introspect, server, "POST"),
        _client_route("/oauth/revoke", revoke, server, "POST"),
        # Where revision 2025-03-26 puts them when there is no metadata; SDKs still go there with a stored token.
        _client_route("/register", register, server, "POST"),
        _client_route("/token", token, server, "POST"),
        page_route("/authorize", authorize, server, "GET"),
        page_route("/oauth/authorize", authorize, server, "GET"),
        page_route("/oauth/sign-in", show_sign_in, server, "GET"),
        *(_password_routes(server) if settings.has_passwords else []),
        *(_upstream_routes(server) if server.upstream is not None else []),
        page_route("/oauth/sign-out", post_sign_out, server, "POST"),
        page_route("/oauth/consent", show_consent, server, "GET"),
        page_route("/oauth/consent", post_consent, server, "POST"),
    ]


def _password_routes(server: AuthorizationServer) -> list[BaseRoute]:
    return [
        page_route("/oauth/sign-in", post_sign_in, server, "POST"),
        page_route("/oauth/sign-up", show_sign_up, server, "GET"),
        page_route("/oauth/sign-up", post_sign_up, server, "POST"),
        *account_routes(server),
    ]


def _upstream_routes(server: AuthorizationServer) -> list[BaseRoute]:
    return [
        page_route("/oauth/upstream", post_upstream, server, "POST"),
        page_route(CALLBACK_PATH, finish_upstream, server, "GET"),
    ]


def _server(
    settings: Settings,
    engine: Engine,
    keys: KeyRing,
    found_household: FoundHousehold,
    audit: AuditLog,
    clock: Clock,
    grant_revoked: GrantRevoked,
    counters: Counters,
    fetcher: Fetcher,
    mailer: Mailer,
    hashing: PasswordHashing,
    per_minute: PerMinute,
) -> AuthorizationServer:
    if settings.secret_key is None:
        raise StartupError("SECRET_KEY: required for signing in; make one with: openssl rand -hex 32")

    def limit(name: str, most: int) -> RateLimit:
        return RateLimit(most, enabled=settings.limits == "on", name=name, counters=counters)

    # Apart, because anyone can register keys at a host, but only who signed in has documents fetched.
    documents, key_sets = limit("documents", per_minute.fetches), limit("key-sets", per_minute.fetches)
    slow_down = SlowDown(settings.secret_key, enabled=settings.limits == "on")
    return AuthorizationServer(
        settings=settings,
        engine=engine,
        keys=keys,
        verifier=TokenVerifier(settings, keys, clock=clock),
        found_household=found_household,
        grant_revoked=grant_revoked,
        clock=clock,
        audit=audit,
        pages=Pages(settings.public_path, "app.oauth"),
        guard=FormGuard(settings.secret_key, settings.public_origin),
        cookie=BrowserCookie(settings.public_url),
        entry=Entry(engine, hashing, slow_down, clock),
        slow_down=slow_down,
        mailer=mailer,
        registrations=limit("registrations", per_minute.registrations),
        authorizations=limit("authorizations", per_minute.authorizations),
        sign_ins=limit("sign-ins", per_minute.sign_ins),
        introspections=limit("introspections", per_minute.introspections),
        tokens=LocalLimit(per_minute.tokens, enabled=settings.limits == "on"),
        failures=Failures(
            limit("failures-of-client", per_minute.failures_of_client),
            limit("failures", per_minute.failures_of_address),
        ),
        documents=Documents(settings, engine, fetcher, documents, clock),
        key_sets=KeySets(fetcher, key_sets, clock),
        upstream=Upstream(settings, settings.secret_key, outbound_of(fetcher), clock)
        if settings.oidc_login_issuer
        else None,
    )


def _metadata_routes(settings: Settings) -> list[BaseRoute]:
    """At the host's root, and with the path of PUBLIC_URL inserted (RFC 8414 section 3.1)."""
    documents = {
        "/.well-known/oauth-authorization-server": server_metadata(settings),
        "/.well-known/openid-configuration": openid_configuration(settings),
    }
    paths = sorted({"", settings.public_path})
    return [_document(f"{address}{path}", found) for address, found in documents.items() for path in paths]


def _document(path: str, document: dict[str, Any]) -> BaseRoute:
    async def answer(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204)
        return JSONResponse(document, headers={"Cache-Control": "public, max-age=300"})

    return Route(path, answer, methods=["GET", "OPTIONS"], middleware=[ANY_ORIGIN])


async def _jwks(server: AuthorizationServer, request: Request) -> Response:
    await server.keys.refresh()
    return JSONResponse(server.keys.public_keys(), headers={"Cache-Control": "public, max-age=300"})


def _client_route(path: str, handler: Handler, server: AuthorizationServer, method: str) -> BaseRoute:
    """An endpoint that clients call: answers are JSON, any origin may ask."""

    async def answer(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204)
        try:
            return await handler(server, request)
        except AppError as error:
            return _json_refusal(error)

    return Route(path, answer, methods=[method, "OPTIONS"], middleware=[ANY_ORIGIN], max_body_size=MAX_BODY)


def _json_refusal(error: AppError) -> Response:
    """The answer to a client that has to wait; no code of RFC 6749 fits the token endpoint better."""
    status = status_of_refusal(error)
    name = "invalid_request" if status == 400 else "temporarily_unavailable"
    body = {"error": name, "error_description": error.message}
    response = JSONResponse(body, status, headers=NOT_STORED)
    say_when(response, error)
    return response


def _ignore(grant_id: UUID) -> None:
    pass
