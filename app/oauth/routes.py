"""The authorization server's routes."""

from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from app.oauth.authorize.approve import post_consent
from app.oauth.authorize.consent import show_consent
from app.oauth.authorize.endpoint import authorize
from app.oauth.client_route import client_route
from app.oauth.clients.register import register
from app.oauth.context import OAuthContext
from app.oauth.metadata import openid_configuration, server_metadata
from app.oauth.tokens.introspect import introspect
from app.oauth.tokens.revoke import revoke
from app.oauth.tokens.token import token
from app.settings import Settings
from app.ui.public_document import public_document
from app.ui.routes import page_route

CACHE_SECONDS = 300


def oauth_routes(server: OAuthContext) -> list[BaseRoute]:
    """Every route of the authorization server."""
    return [
        *_metadata_routes(server.settings),
        client_route("/oauth/jwks.json", _jwks, server, "GET"),
        client_route("/oauth/register", register, server, "POST"),
        client_route("/oauth/token", token, server, "POST"),
        client_route("/oauth/introspect", introspect, server, "POST"),
        client_route("/oauth/revoke", revoke, server, "POST"),
        # Where revision 2025-03-26 puts them when there is no metadata; SDKs still go there with a stored token.
        client_route("/register", register, server, "POST"),
        client_route("/token", token, server, "POST"),
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


async def _jwks(server: OAuthContext, request: Request) -> Response:
    await server.keys.refresh()
    return JSONResponse(server.keys.public_keys(), headers={"Cache-Control": f"public, max-age={CACHE_SECONDS}"})
