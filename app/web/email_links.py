"""Pages behind the one-time links in e-mails."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from app.audit.models import Action
from app.db import transaction
from app.errors import AppError, gettext_noop
from app.people import email_link_repository
from app.people.models import EmailLink, Purpose
from app.ui.forms import Fields
from app.ui.languages import gettext as _
from app.ui.page_kit import BrowserSession, SubmittedForm
from app.web.context import WebContext
from app.web.destinations import ACCOUNT

PATHS: Final[dict[Purpose, str]] = {
    "sign_up": "/account/new",
    "reset": "/account/new-password",
    "verify": "/account/verify",
}
"""The page behind a link, and its form."""

_TEMPLATES: Final[dict[Purpose, str]] = {
    "sign_up": "new_account.html",
    "reset": "new_password.html",
    "verify": "verify.html",
}
_NO_LONGER_WORKS: Final[dict[Purpose, tuple[str, str, str]]] = {
    "sign_up": (
        gettext_noop(
            "It works once, and for a day. Go back to your app and connect it again: sign in if you already have an "
            "account, or ask for another link."
        ),
        ACCOUNT,
        gettext_noop("Go to your account"),
    ),
    "reset": (
        gettext_noop("It works once, and for half an hour."),
        "/account/reset",
        gettext_noop("Ask for another link"),
    ),
    "verify": (
        gettext_noop("It works once, and for a day."),
        ACCOUNT,
        gettext_noop("Ask for another link on your account page"),
    ),
}
"""The text of the page for a link that no longer works, and the path and label of the link on it."""


@dataclass(frozen=True, slots=True)
class LinkForm:
    """A form behind a link; `secret` is the link's, and `fields` are empty where the form is only shown."""

    session: BrowserSession
    fields: Fields
    secret: str
    link: EmailLink


async def open_link(web: WebContext, request: Request, purpose: Purpose) -> LinkForm | Response:
    """Return the form to show for the link in the address, or the page for a link that does not work."""
    session = await web.kit.read_session(request)
    return await _find(web, session, Fields([]), request.query_params.get("link", ""), purpose)


async def show_link_form(web: WebContext, purpose: Purpose, request: Request) -> Response:
    """GET /account/new-password and /account/verify. Opening the form does not use up the link."""
    form = await open_link(web, request, purpose)
    return form if isinstance(form, Response) else link_page(web, form)


IfUsed = Callable[[SubmittedForm], Awaitable[Response | None]]
"""Answers a form whose link does not work, where it is known why; else None."""


async def submitted_link_form(
    web: WebContext, request: Request, purpose: Purpose, below: str = "", if_used: IfUsed | None = None
) -> LinkForm | Response:
    """Return the posted form, or a page if the form is not our own or its link does not work. Another form of the same
    page goes to a path `below`.

    Raises `Invalid` for a malformed form, and what `if_used` raises.
    """
    form = await web.kit.submitted_form(request, f"{PATHS[purpose]}{below}")
    if form is None:
        return web.account_pages.out_of_date()
    found = await _find(web, form.session, form.fields, form.fields.one("link"), purpose)
    if if_used is None or isinstance(found, LinkForm):
        return found
    return await if_used(form) or found


async def _find(
    web: WebContext, session: BrowserSession, fields: Fields, secret: str, purpose: Purpose
) -> LinkForm | Response:
    async with transaction(web.kit.engine) as connection:
        link = await email_link_repository.find_link(connection, secret, purpose, web.kit.clock())
    return link_no_longer_works(web, purpose) if link is None else LinkForm(session, fields, secret, link)


def link_page(web: WebContext, form: LinkForm, error: AppError | None = None, **context: Any) -> Response:
    """Return the page with the form behind a link; `error` is what was wrong with the form sent."""
    token = web.kit.csrf_token(form.session, PATHS[form.link.purpose])
    template, email = _TEMPLATES[form.link.purpose], form.link.email
    return web.kit.show(form.session, template, error, form_token=token, link=form.secret, email=email, **context)


def refused_link_page(
    web: WebContext, request: Request, form: LinkForm, action: Action, error: AppError, **context: Any
) -> Response:
    """Have the refusal of a form behind a link recorded, and return its page again."""
    web.record_refusal(request, action, error.code, email_hash=web.audit.email_hash(form.link.email))
    return link_page(web, form, error, **context)


def link_no_longer_works(web: WebContext, purpose: Purpose) -> Response:
    """Return the page for a link that was used, has expired or never existed."""
    text, path, label = _NO_LONGER_WORKS[purpose]
    title = _("This link no longer works")
    return web.kit.pages.page("done.html", status=400, title=title, text=_(text), path=path, label=_(label))
