"""Routes of the pages for people."""

from functools import partial

from starlette.routing import BaseRoute

from app.oauth.oidc_login.provider import CALLBACK_PATH
from app.ui.paths import GUEST, JOIN
from app.ui.routes import PageHandler, form_routes, page_route
from app.web.access.routes import access_routes
from app.web.account.deletion import DELETE_ACCOUNT, post_delete_account, show_delete_account
from app.web.account.email_verification import post_proof, post_verify
from app.web.account.page import (
    CHANGE_PASSWORD,
    SEND_PROOF,
    post_password,
    show_account,
)
from app.web.account.reset_password import RESET, post_new_password, post_reset, show_reset
from app.web.activity.routes import activity_routes
from app.web.context import WebContext
from app.web.destinations import ACCOUNT, Destinations
from app.web.email_links import PATHS, show_link_form
from app.web.guest import KEY, TICK, post_key, post_tick, show_guest
from app.web.household.routes import household_routes
from app.web.join import post_join, show_join
from app.web.lists.routes import list_routes
from app.web.notifications.routes import notification_routes
from app.web.oidc_sign_in import finish_oidc_sign_in, post_oidc_sign_in
from app.web.pantry.routes import pantry_routes
from app.web.passkeys.confirm import CONFIRM, post_confirm, show_confirm
from app.web.passkeys.routes import passkey_routes
from app.web.plan.routes import plan_routes
from app.web.recipes.routes import recipe_routes
from app.web.sign_in import (
    SIGN_OUT_EVERYWHERE,
    post_sign_in,
    post_sign_out,
    post_sign_out_everywhere,
    show_sign_in,
)
from app.web.sign_up import post_new_account, post_sign_up, show_new_account, show_sign_up, sign_up_path
from app.web.spending.routes import spending_routes


def web_routes(web: WebContext) -> list[BaseRoute]:
    """Return the routes. Password forms exist only where people have passwords, a provider's only where there is one.

    Seeing and ending what is connected, and signing out, are for everyone.
    """
    return [
        page_route(web.kit, ACCOUNT, partial(show_account, web)),
        *household_routes(web),
        *list_routes(web),
        *recipe_routes(web),
        *plan_routes(web),
        *pantry_routes(web),
        *access_routes(web),
        *activity_routes(web),
        *spending_routes(web),
        *notification_routes(web),
        page_route(web.kit, JOIN, partial(show_join, web)),
        page_route(web.kit, JOIN, partial(post_join, web), "POST"),
        page_route(web.kit, GUEST, partial(show_guest, web)),
        *form_routes(web.kit, TICK, partial(post_tick, web), GUEST),
        *form_routes(web.kit, KEY, partial(post_key, web), GUEST),
        *_sign_in_routes(web, web.account_pages, sign_out_page=ACCOUNT),
        *_sign_in_routes(web, web.client_requests, sign_out_page="/oauth/consent"),
        *form_routes(web.kit, SIGN_OUT_EVERYWHERE, partial(post_sign_out_everywhere, web), ACCOUNT),
        page_route(web.kit, CONFIRM, partial(show_confirm, web)),
        page_route(web.kit, CONFIRM, partial(post_confirm, web), "POST"),
        *passkey_routes(web),
        page_route(web.kit, DELETE_ACCOUNT, partial(show_delete_account, web)),
        page_route(web.kit, DELETE_ACCOUNT, partial(post_delete_account, web), "POST"),
        *(_password_routes(web) if web.has_passwords else []),
        *([page_route(web.kit, CALLBACK_PATH, partial(finish_oidc_sign_in, web))] if web.oidc_provider else []),
    ]


def _sign_in_routes(web: WebContext, to: Destinations, *, sign_out_page: str) -> list[BaseRoute]:
    sign_in, upstream, sign_out = (f"{to.base}/{form}" for form in ("sign-in", "upstream", "sign-out"))
    routes = [page_route(web.kit, sign_in, partial(show_sign_in, web, to))]
    if web.has_passwords:
        routes.append(page_route(web.kit, sign_in, partial(post_sign_in, web, to), "POST"))
    if web.oidc_provider is not None:
        routes += form_routes(web.kit, upstream, partial(post_oidc_sign_in, web, to), sign_in)
    return [*routes, *form_routes(web.kit, sign_out, partial(post_sign_out, web, to), sign_out_page)]


def _password_routes(web: WebContext) -> list[BaseRoute]:
    def page_and_form(path: str, show: PageHandler, post: PageHandler) -> list[BaseRoute]:
        return [page_route(web.kit, path, show), page_route(web.kit, path, post, "POST")]

    return [
        *(
            route
            for to in (web.account_pages, web.client_requests)
            for route in page_and_form(sign_up_path(to), partial(show_sign_up, web, to), partial(post_sign_up, web, to))
        ),
        *page_and_form(PATHS["sign_up"], partial(show_new_account, web), partial(post_new_account, web)),
        *page_and_form(RESET, partial(show_reset, web), partial(post_reset, web)),
        *page_and_form(PATHS["reset"], partial(show_link_form, web, "reset"), partial(post_new_password, web)),
        *page_and_form(PATHS["verify"], partial(show_link_form, web, "verify"), partial(post_verify, web)),
        *form_routes(web.kit, CHANGE_PASSWORD, partial(post_password, web), ACCOUNT),
        *form_routes(web.kit, SEND_PROOF, partial(post_proof, web), ACCOUNT),
    ]
