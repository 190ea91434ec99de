"""The authorization server's routes."""

from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from app.oauth.authorize.approve import post_consent
from app.oauth.authorize.consent import show_consent
from app.oauth.authorize.endpoint import authorize
from app.oauth.client_endpoint import client_route
from app.oauth.clients.authentication import ClientAuthenticator
from app.oauth.clients.registration import RegistrationEndpoint
from app.oauth.context import OAuthContext
from app.oauth.metadata import openid_configuration, server_metadata
from app.oauth.signing.key_ring import KeyRing
from app.oauth.tokens.introspection_endpoint import IntrospectionEndpoint
from app.oauth.tokens.revocation_endpoint import RevocationEndpoint
from app.oauth.tokens.token_endpoint import TokenEndpoint
from app.oauth.tokens.verifier import TokenVerifier
from app.settings import Settings
from app.ui.public_document import public_document
from app.ui.routes import page_route

CACHE_SECONDS = 300


def oauth_routes(server: OAuthContext) -> list[BaseRoute]:
    """Return every route of the authorization server.

    The verifier knows its own tokens only: nobody revokes or introspects those of another issuer here.
    """
    limits = server.limits
    authenticator = ClientAuthenticator(server, server.key_sets, limits.failures)
    verifier = TokenVerifier(server.settings, server.keys, clock=server.clock)
    token = TokenEndpoint(server, authenticator, limits)
    register = RegistrationEndpoint(server, limits.registrations)
    return [
        *_metadata_routes(server.settings),
        _jwks_route(server.keys),
        client_route("/oauth/register", register),
        client_route("/oauth/token", token),
        client_route("/oauth/introspect", IntrospectionEndpoint(server, authenticator, limits, verifier)),
        client_route("/oauth/revoke", RevocationEndpoint(server, authenticator, limits.failures, verifier)),
        # Where revision 2025-03-26 puts them when there is no metadata; SDKs still go there with a stored token.
        client_route("/register", register),
        client_route("/token", token),
        page_route(server.kit, "/authorize", partial(authorize, server)),
        page_route(server.kit, "/oauth/authorize", partial(authorize, server)),
        page_route(server.kit, "/oauth/consent", partial(show_consent, server)),
        page_route(server.kit, "/oauth/consent", partial(post_consent, server), "POST"),
    ]


def _metadata_routes(settings: Settings) -> list[BaseRoute]:
    """At the host's root, and with the path of PUBLIC_URL inserted (RFC 8414 section 3.1)."""
    documents = {
        "/.well-known/oauth-authorization-server": server_metadata(settings),
        "/.well-known/openid-configuration": openid_configuration(settings),
    }
    paths = sorted({"", settings.public_path})
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
