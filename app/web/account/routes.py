"""The routes of the account's pages."""

from functools import partial

from starlette.routing import BaseRoute

from app.oauth.context import OAuthContext
from app.ui.routes import form_routes, page_route
from app.web.account.change_password import post_password
from app.web.account.disconnect import post_disconnect
from app.web.account.email_verification import post_proof, post_verify, show_verify
from app.web.account.page import show_account
from app.web.account.reset_password import post_new_password, post_reset, show_new_password, show_reset
from app.web.account.sign_in import post_sign_in, post_sign_out, post_sign_out_everywhere, show_sign_in
from app.web.account.sign_up import post_new, show_new
from app.web.account.urls import ACCOUNT, SIGN_IN
from app.web.sign_in.oidc_sign_in import post_account_upstream


def account_routes(server: OAuthContext) -> list[BaseRoute]:
    """Everything below `/account`. Seeing and ending what is connected, and signing out, are for everybody."""
    return [
        page_route(server.kit, "/account", partial(show_account, server)),
        page_route(server.kit, "/account/sign-in", partial(show_sign_in, server)),
        *form_routes(server.kit, "/account/sign-out", partial(post_sign_out, server), ACCOUNT),
        *form_routes(server.kit, "/account/sign-out-everywhere", partial(post_sign_out_everywhere, server), ACCOUNT),
        *form_routes(server.kit, "/account/disconnect", partial(post_disconnect, server), ACCOUNT),
        *(_password_routes(server) if server.settings.password_sign_in else []),
        *(_upstream_routes(server) if server.oidc_provider else []),
    ]


def _password_routes(server: OAuthContext) -> list[BaseRoute]:
    return [
        page_route(server.kit, "/account/sign-in", partial(post_sign_in, server), "POST"),
        *form_routes(server.kit, "/account/password", partial(post_password, server), ACCOUNT),
        page_route(server.kit, "/account/reset", partial(show_reset, server)),
        page_route(server.kit, "/account/reset", partial(post_reset, server), "POST"),
        page_route(server.kit, "/account/new-password", partial(show_new_password, server)),
        page_route(server.kit, "/account/new-password", partial(post_new_password, server), "POST"),
        *form_routes(server.kit, "/account/proof", partial(post_proof, server), ACCOUNT),
        page_route(server.kit, "/account/verify", partial(show_verify, server)),
        page_route(server.kit, "/account/verify", partial(post_verify, server), "POST"),
        page_route(server.kit, "/account/new", partial(show_new, server)),
        page_route(server.kit, "/account/new", partial(post_new, server), "POST"),
    ]


def _upstream_routes(server: OAuthContext) -> list[BaseRoute]:
    return form_routes(server.kit, "/account/upstream", partial(post_account_upstream, server), SIGN_IN)
