"""The routes of the account's pages."""

from starlette.routing import BaseRoute

from app.oauth.browser.routes import form_routes, page_route
from app.oauth.context import OAuthContext
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
        page_route("/account", show_account, server, "GET"),
        page_route("/account/sign-in", show_sign_in, server, "GET"),
        *form_routes("/account/sign-out", post_sign_out, server, ACCOUNT),
        *form_routes("/account/sign-out-everywhere", post_sign_out_everywhere, server, ACCOUNT),
        *form_routes("/account/disconnect", post_disconnect, server, ACCOUNT),
        *(_password_routes(server) if server.settings.password_sign_in else []),
        *(form_routes("/account/upstream", post_account_upstream, server, SIGN_IN) if server.oidc_provider else []),
    ]


def _password_routes(server: OAuthContext) -> list[BaseRoute]:
    return [
        page_route("/account/sign-in", post_sign_in, server, "POST"),
        *form_routes("/account/password", post_password, server, ACCOUNT),
        page_route("/account/reset", show_reset, server, "GET"),
        page_route("/account/reset", post_reset, server, "POST"),
        page_route("/account/new-password", show_new_password, server, "GET"),
        page_route("/account/new-password", post_new_password, server, "POST"),
        *form_routes("/account/proof", post_proof, server, ACCOUNT),
        page_route("/account/verify", show_verify, server, "GET"),
        page_route("/account/verify", post_verify, server, "POST"),
        page_route("/account/new", show_new, server, "GET"),
        page_route("/account/new", post_new, server, "POST"),
    ]
