"""What the account's pages share: where they are, what their forms are for, and how one gets in."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.db import Connection, transaction
from app.oauth.context import OAuthContext
from app.people import email_links
from app.people.email_links import EmailLink, Purpose
from app.people.models import Person
from app.ui.page_kit import SubmittedForm

ACCOUNT: Final = "/account"
SIGN_IN: Final = "/account/sign-in"
RESET: Final = "/account/reset"
PASSWORD_CHANGED: Final = "/account?done=password"  # noqa: S105  # a path
ACCOUNT_MADE: Final = "/account?done=made"

# Purposes of forms.
TO_SIGN_IN: Final = "account sign-in"
TO_SIGN_IN_UPSTREAM: Final = "account sign-in upstream"
TO_SIGN_OUT: Final = "account sign-out"
TO_SIGN_OUT_EVERYWHERE: Final = "account sign-out everywhere"
TO_DISCONNECT: Final = "disconnect"
TO_CHANGE_PASSWORD: Final = "change password"  # noqa: S105  # the name of a form
TO_SEND_PROOF: Final = "send proof"

_DEAD_LINKS: Final[dict[Purpose, tuple[str, str, str]]] = {
    "sign_up": (
        "It works once, and for a day. Go back to your app and connect again: sign in if your account is made, else "
        "ask for another link.",
        ACCOUNT,
        "Go to your account",
    ),
    "reset": ("It works once, and for half an hour.", RESET, "Ask for another one"),
    "verify": ("It works once, and for a day.", ACCOUNT, "Ask for another one on your account page"),
}
"""What is said of a link that is not good any more, and where to go instead."""


async def enter(
    server: OAuthContext, connection: Connection, cookie: str, person: Person | None, path: str
) -> Response:
    """Sign `person` in (None: out) and go on to `path`; the cookie is another one from now on."""
    return server.kit.see_other(path, await server.kit.swap_session(connection, cookie, person))


@dataclass(frozen=True, slots=True)
class SubmittedLinkForm(SubmittedForm):
    """A form behind a one-time link: `link` is what the `secret` stands for."""

    secret: str
    link: EmailLink


async def submitted_link_form(
    server: OAuthContext, request: Request, form_purpose: str, purpose: Purpose
) -> SubmittedLinkForm | Response:
    """The posted form; a page when it is not ours, or its link is not good any more. Raises as `posted` does."""
    form = await server.kit.submitted_form(request, form_purpose)
    if form is None:
        return out_of_date(server)
    secret = form.fields.one("link")
    link = await find_link(server, secret, purpose)
    return dead_link(server, purpose) if link is None else SubmittedLinkForm(form.session, form.fields, secret, link)


async def find_link(server: OAuthContext, secret: str, purpose: Purpose) -> EmailLink | None:
    """What a link is for; None when it is not good, or not good any more."""
    async with transaction(server.engine) as connection:
        return await email_links.find_link(connection, secret, purpose, server.clock())


def out_of_date(server: OAuthContext) -> Response:
    """The page for a form that is not good any more."""
    return server.kit.pages.page(
        "done.html",
        status=400,
        title="This page is out of date",
        text="It was open for too long, was used already, or belongs to another browser or another sign-in; or your "
        "browser keeps no cookies.",
        path=ACCOUNT,
        words="Go to your account",
    )


def dead_link(server: OAuthContext, purpose: Purpose) -> Response:
    """The page for a link from a letter that was used, has expired or never was."""
    text, path, words = _DEAD_LINKS[purpose]
    title = "This link is not good any more"
    return server.kit.pages.page("done.html", status=400, title=title, text=text, path=path, words=words)


def letter_sent(server: OAuthContext, text: str, path: str) -> Response:
    """The page for who waits for a letter; at `path` they ask for another one."""
    return server.kit.pages.page(
        "done.html",
        title="Look into your mailbox",
        text=f"{text} Nothing has come? Look among the unwanted mail, and check the address.",
        path=path,
        words="Ask again",
    )
