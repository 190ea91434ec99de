"""Routes of passkeys."""

from functools import partial

from starlette.routing import BaseRoute

from app.ui.paths import SECOND_STEP
from app.ui.routes import form_routes, page_route
from app.web.context import WebContext
from app.web.email_links import PATHS
from app.web.passkeys.confirm import BY_PASSKEY, CONFIRM, post_confirm_by_passkey
from app.web.passkeys.page import (
    ADD,
    CODES,
    PASSKEYS,
    REMOVE,
    RENAME,
    REQUIRE,
    post_add,
    post_codes,
    post_remove,
    post_rename,
    post_require,
    show_passkeys,
)
from app.web.passkeys.questions import PASSKEY, QUESTION, post_question
from app.web.passkeys.recovery import RECOVERY, post_recovery, show_recovery
from app.web.passkeys.second_step import CODE, post_recovery_code, post_second_step, show_second_step
from app.web.passkeys.sign_in import post_passkey
from app.web.passkeys.sign_up import post_passkey_new_account, post_passkey_sign_up
from app.web.sign_up import sign_up_path


def passkey_routes(web: WebContext) -> list[BaseRoute]:
    """Return the routes; none where people can't have passkeys."""
    passkeys = web.passkeys
    if passkeys is None:
        return []
    routes = [
        *form_routes(web.kit, QUESTION, partial(post_question, web), PASSKEYS),
        *form_routes(web.kit, BY_PASSKEY, partial(post_confirm_by_passkey, web, passkeys), CONFIRM),
        page_route(web.kit, PASSKEYS, partial(show_passkeys, web)),
        *form_routes(web.kit, ADD, partial(post_add, web, passkeys), PASSKEYS),
        *form_routes(web.kit, RENAME, partial(post_rename, web), PASSKEYS),
        *form_routes(web.kit, REMOVE, partial(post_remove, web), PASSKEYS),
        *form_routes(web.kit, CODES, partial(post_codes, web), PASSKEYS),
        *form_routes(web.kit, REQUIRE, partial(post_require, web), PASSKEYS),
    ]
    for to in (web.account_pages, web.client_requests):
        sign_in = partial(post_passkey, web, passkeys, to)
        step = f"{to.base}{SECOND_STEP}"
        routes += form_routes(web.kit, f"{to.base}{PASSKEY}", sign_in, f"{to.base}/sign-in")
        routes.append(page_route(web.kit, step, partial(show_second_step, web, to)))
        routes += form_routes(web.kit, f"{step}{CODE}", partial(post_recovery_code, web, passkeys, to), step)
        routes.append(page_route(web.kit, step, partial(post_second_step, web, passkeys, to), "POST"))
        made = partial(post_passkey_sign_up, web, passkeys, to)
        routes += form_routes(web.kit, f"{sign_up_path(to)}{PASSKEY}", made, sign_up_path(to))
        recovery = f"{to.base}{RECOVERY}"
        routes.append(page_route(web.kit, recovery, partial(show_recovery, web, to)))
        routes.append(page_route(web.kit, recovery, partial(post_recovery, web, passkeys, to), "POST"))
    new_account = PATHS["sign_up"]
    routes += form_routes(
        web.kit, f"{new_account}{PASSKEY}", partial(post_passkey_new_account, web, passkeys), new_account
    )
    return routes
