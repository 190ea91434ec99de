"""The routes of the pages that sign people in and up on the way of a client's request."""

from functools import partial

from starlette.routing import BaseRoute

from app.oauth.context import OAuthContext
from app.oauth.oidc_login.provider import CALLBACK_PATH
from app.ui.routes import form_routes, page_route
from app.web.sign_in.oidc_sign_in import finish_upstream, post_upstream
from app.web.sign_in.sign_in import post_sign_in, post_sign_out, show_sign_in
from app.web.sign_in.sign_up import post_sign_up, show_sign_up


def sign_in_routes(server: OAuthContext) -> list[BaseRoute]:
    """Return the routes; forms for passwords only where there are passwords, those of a provider only with one."""
    return [
        page_route(server.kit, "/oauth/sign-in", partial(show_sign_in, server)),
        *(_password_routes(server) if server.settings.password_sign_in else []),
        *(_upstream_routes(server) if server.oidc_provider is not None else []),
        *form_routes(server.kit, "/oauth/sign-out", partial(post_sign_out, server), "/oauth/consent"),
    ]


def _password_routes(server: OAuthContext) -> list[BaseRoute]:
    return [
        page_route(server.kit, "/oauth/sign-in", partial(post_sign_in, server), "POST"),
        page_route(server.kit, "/oauth/sign-up", partial(show_sign_up, server)),
        page_route(server.kit, "/oauth/sign-up", partial(post_sign_up, server), "POST"),
    ]


def _upstream_routes(server: OAuthContext) -> list[BaseRoute]:
    return [
        *form_routes(server.kit, "/oauth/upstream", partial(post_upstream, server), "/oauth/sign-in"),
        page_route(server.kit, CALLBACK_PATH, partial(finish_upstream, server)),
    ]
