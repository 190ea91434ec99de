"""The authorization server's routes, and where its parts are put together."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from app.fetch.fetcher import Fetcher
from app.oauth.authorize.approve import ConsentEndpoint
from app.oauth.authorize.consent import ConsentPage
from app.oauth.authorize.endpoint import AuthorizationEndpoint
from app.oauth.client_endpoint import client_route
from app.oauth.clients.authentication import ClientAuthenticator
from app.oauth.clients.fetch_limits import DOCUMENTS, KEY_SETS, FetchLimits
from app.oauth.clients.key_sets import KeySets
from app.oauth.clients.metadata_documents import MetadataDocuments
from app.oauth.clients.policy import ClientPolicy
from app.oauth.clients.registration import RegistrationEndpoint
from app.oauth.context import OAuthContext
from app.oauth.errors import NotRegistered, OAuthError
from app.oauth.external.trusted_issuers import embedded_issuer
from app.oauth.metadata import openid_configuration, server_metadata
from app.oauth.signing.key_ring import KeyRing
from app.oauth.tokens.introspection_endpoint import IntrospectionEndpoint
from app.oauth.tokens.revocation_endpoint import RevocationEndpoint
from app.oauth.tokens.token_endpoint import TokenEndpoint
from app.oauth.tokens.verifier import TokenVerifier
from app.resources import MAIN
from app.ui.page_kit import PageKit
from app.ui.public_document import public_document
from app.ui.routes import PageHandler, page_route

CACHE_SECONDS = 300


def oauth_routes(
    context: OAuthContext,
    kit: PageKit,
    fetcher: Fetcher,
    *,
    provider_name: str | None,
    sends_emails: bool,
) -> list[BaseRoute]:
    """Return every route of the authorization server.

    `provider_name` is the name of the OpenID provider that people may sign in with; `sends_emails` says whether they
    can verify an e-mail address.
    """
    return [
        *_metadata_routes(context.public_url, context.client_policy),
        _jwks_route(context.keys),
        *_client_routes(context, fetcher),
        *_page_routes(context, kit, fetcher, provider_name, sends_emails),
    ]


def _client_routes(context: OAuthContext, fetcher: Fetcher) -> list[BaseRoute]:
    key_sets = KeySets(fetcher, FetchLimits(context.limiter, KEY_SETS), context.clock)
    authenticator = ClientAuthenticator(context, key_sets)
    # It knows the tokens of this server only: those of another issuer are neither revoked nor introspected here.
    verifier = TokenVerifier(
        MAIN.identifier(context.public_url), [embedded_issuer(context.public_url, context.keys)], clock=context.clock
    )
    token = TokenEndpoint(context, authenticator)
    register = RegistrationEndpoint(context)
    return [
        client_route("/oauth/register", register),
        client_route("/oauth/token", token),
        client_route("/oauth/introspect", IntrospectionEndpoint(context, authenticator, verifier)),
        client_route("/oauth/revoke", RevocationEndpoint(context, authenticator, verifier)),
        # Where revision 2025-03-26 puts them when there is no metadata; SDKs still go there with a stored token.
        client_route("/register", register),
        client_route("/token", token),
    ]


def _page_routes(
    context: OAuthContext,
    kit: PageKit,
    fetcher: Fetcher,
    provider_name: str | None,
    sends_emails: bool,
) -> list[BaseRoute]:
    limits = FetchLimits(context.limiter, DOCUMENTS)
    documents = MetadataDocuments(context.client_policy, context.engine, fetcher, limits, context.clock)
    consent = ConsentPage(context, kit, documents, provider_name=provider_name, sends_emails=sends_emails)
    authorize = _with_error_page(kit, AuthorizationEndpoint(context, kit))
    return [
        page_route(kit, "/authorize", authorize),
        page_route(kit, "/oauth/authorize", authorize),
        page_route(kit, "/oauth/consent", _with_error_page(kit, consent)),
        page_route(kit, "/oauth/consent", _with_error_page(kit, ConsentEndpoint(context, kit, consent)), "POST"),
    ]


def _with_error_page(kit: PageKit, handler: PageHandler) -> PageHandler:
    """Return the handler; an `OAuthError` that it raises becomes a page."""

    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except OAuthError as error:
            return kit.pages.page(
                "authorize_fault.html",
                status=error.status,
                error=error.error,
                description=error.description,
                is_unknown=isinstance(error, NotRegistered),
            )

    return handle


def _metadata_routes(public_url: str, policy: ClientPolicy) -> list[BaseRoute]:
    """At the host's root, and with the path of PUBLIC_URL inserted (RFC 8414 section 3.1)."""
    documents = {
        "/.well-known/oauth-authorization-server": server_metadata(public_url, policy),
        "/.well-known/openid-configuration": openid_configuration(public_url, policy),
    }
    paths = sorted({"", urlsplit(public_url).path})
    return [
        public_document(f"{address}{path}", document, CACHE_SECONDS)
        for address, document in documents.items()
        for path in paths
    ]


def _jwks_route(keys: KeyRing) -> BaseRoute:
    async def jwks(request: Request) -> Response:
        await keys.refresh()
        return JSONResponse(keys.public_keys(), headers={"Cache-Control": f"public, max-age={CACHE_SECONDS}"})

    return client_route("/oauth/jwks.json", jwks, "GET")
