"""What the account's pages share: the browser at the page, and the proof that a form is ours."""

from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from app.db import Connection, transaction
from app.errors import AppError
from app.oauth.journey import see_other
from app.oauth.server import AuthorizationServer
from app.people.person import Person
from app.people.sessions import SESSION_LIFE, close_session, find_person, new_session_secret, open_session
from app.ui.forms import Fields, read_form
from app.ui.refusals import say_when, status_of_refusal

ACCOUNT: Final = "/account"
SIGN_IN: Final = "/account/sign-in"

# Purposes of forms.
TO_SIGN_IN: Final = "account sign-in"
TO_SIGN_OUT: Final = "account sign-out"
TO_SIGN_OUT_EVERYWHERE: Final = "account sign-out everywhere"
TO_DISCONNECT: Final = "disconnect"
TO_CHANGE_PASSWORD: Final = "change password"  # noqa: S105  # the name of a form
TO_SEND_PROOF: Final = "send proof"


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser at one of the pages: its cookie, whether it has just got it, and who is signed in."""

    cookie: str
    is_new: bool
    person: Person | None


@dataclass(frozen=True, slots=True)
class Posted:
    """A form proven to come from our page in this browser, shown to the same person."""

    visit: Visit
    fields: Fields


async def visit_of(server: AuthorizationServer, request: Request) -> Visit:
    """Who is at the page."""
    known = server.cookie.read(request)
    if known is None:
        return Visit(new_session_secret(), True, None)
    async with transaction(server.engine) as connection:
        return Visit(known, False, await find_person(connection, known, server.clock()))


async def posted(server: AuthorizationServer, request: Request, purpose: str, item: str = "") -> Posted | None:
    """The posted form; None unless cookie, token and Origin prove it ours. Raises `Invalid` for broken forms.

    `item` is the field that names what the form acts on, where there are several such forms on a page.
    """
    fields = await read_form(request)
    visit = await visit_of(server, request)
    subject = _subject(visit, fields.one(item) if item else "")
    if not server.guard.accepts(request, visit.cookie, fields.one("form_token"), purpose, subject):
        return None
    return Posted(visit, fields)


def form_token(server: AuthorizationServer, visit: Visit, purpose: str, item: str = "") -> str:
    """The proof to put into a form."""
    return server.guard.token(visit.cookie, purpose, _subject(visit, item))


def show(
    server: AuthorizationServer, visit: Visit, template: str, error: AppError | None = None, **context: Any
) -> Response:
    """A page; with `error` as its status, its alert and Retry-After."""
    status = 200 if error is None else status_of_refusal(error)
    response = server.pages.page(template, status=status, error=error, **context)
    if error is not None:
        say_when(response, error)
    if visit.is_new:
        server.cookie.write(response, visit.cookie)
    return response


async def enter(
    server: AuthorizationServer, connection: Connection, visit: Visit, person: Person | None, path: str
) -> Response:
    """Sign `person` in (None: out) and go on to `path`; the cookie is another one from now on."""
    await close_session(connection, visit.cookie)
    cookie = new_session_secret() if person is None else await open_session(connection, person.id, server.clock())
    response = see_other(server, path)
    server.cookie.write(response, cookie, None if person is None else int(SESSION_LIFE.total_seconds()))
    return response


def out_of_date(server: AuthorizationServer) -> Response:
    """The page for a form or link that is not good any more."""
    return server.pages.page(
        "done.html",
        status=400,
        title="This page is out of date",
        text="It was open for too long, was used already, or belongs to another browser or another sign-in.",
        path=ACCOUNT,
        words="Go to your account",
    )


def _subject(visit: Visit, item: str) -> str:
    return f"{visit.person.id if visit.person else ''} {item}"
