"""What every page needs: who is signed in at the browser, proof that a form is the page's own, and the response."""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.crypto.tokens import new_secret
from app.db import Connection, Engine, transaction
from app.errors import AppError
from app.people.models import Person
from app.people.passkeys.repository import insert_half_sign_in
from app.people.session_repository import (
    LONGEST_BROWSER,
    SESSION_LIFE,
    Sighting,
    close_session,
    find_opener,
    find_person,
    open_session,
    see_person,
)
from app.runtime.addresses import client_address, known_network
from app.runtime.clock import Clock
from app.ui.cookies import BrowserCookie
from app.ui.forms import CsrfProtection, Fields, read_form
from app.ui.pages import BARE_PAGE, NO_REFERRER, Pages
from app.ui.status import set_retry_after, status_of_refusal

PERSON: Final = "X-Person"
"""The header of a page that tells the service worker who is signed in, as `kept_for` names them, or NOBODY: it keeps
pages for that person alone."""

NOBODY: Final = "nobody"


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """The browser at a page: its cookie, whether the browser still has to be given it, and who is signed in."""

    cookie: str
    is_new: bool
    person: Person | None


@dataclass(frozen=True, slots=True)
class NewCookie:
    """A cookie to set for `max_age` seconds, or until the browser is closed (None)."""

    value: str
    max_age: int | None


@dataclass(frozen=True, slots=True)
class SubmittedForm:
    """A form that was proven to come from our page, in this browser, shown to the person who is signed in now."""

    session: BrowserSession
    fields: Fields


@dataclass(frozen=True, slots=True)
class PageKit:
    """Serves pages below `public_path`, the path in PUBLIC_URL."""

    engine: Engine
    clock: Clock
    pages: Pages
    csrf: CsrfProtection
    cookie: BrowserCookie
    public_path: str

    async def read_session(self, request: Request, connection: Connection | None = None) -> BrowserSession:
        """Return the session of the browser that sent `request`, read in `connection` if one is given."""
        known = self.cookie.read(request)
        if known is None:
            return BrowserSession(new_secret(), True, None)
        if connection is not None:
            return BrowserSession(known, False, await find_person(connection, known, self.clock()))
        async with transaction(self.engine) as own:
            person = await see_person(own, known, self.clock(), _sighting(request))
            return BrowserSession(known, False, person)

    async def swap_session(self, connection: Connection, cookie: str, person: Person | None) -> NewCookie:
        """Sign `person` in at the browser with this cookie, or sign out (None). The old cookie becomes worthless."""
        await close_session(connection, cookie)
        if person is None:
            return NewCookie(new_secret(), None)
        value = await open_session(connection, person.id, self.clock(), before=cookie)
        return NewCookie(value, max_age=int(SESSION_LIFE.total_seconds()))

    async def hold_session(self, connection: Connection, cookie: str, person: Person) -> NewCookie:
        """Note that `person` gave the password at the browser with this cookie, and has a second step before them. The
        old cookie becomes worthless."""
        await close_session(connection, cookie)
        value = new_secret()
        await insert_half_sign_in(connection, person.id, value, self.clock())
        return NewCookie(value, None)

    def csrf_token(self, session: BrowserSession, purpose: str, item: str = "") -> str:
        """Return the token for a form; `item` is the value of the field that names what the form acts on."""
        return self.csrf.token(session.cookie, purpose, _subject(session, item))

    async def submitted_form(self, request: Request, purpose: str, item: str = "") -> SubmittedForm | None:
        """Return the posted form, or None unless its cookie, CSRF token and Origin prove that it is our own.

        `item` is the field that names what the form acts on, such as one of several apps; the token covers its value.
        Raises `Invalid` for a malformed form.
        """
        return await self.proven_form(request, await read_form(request), purpose, item)

    async def proven_form(self, request: Request, fields: Fields, purpose: str, item: str = "") -> SubmittedForm | None:
        """Return a form that was read already, as `submitted_form` does."""
        session = await self.read_session(request)
        subject = _subject(session, fields.one(item) if item else "")
        if not self.csrf.accepts(request, session.cookie, fields.one("form_token"), purpose, subject):
            return None
        return SubmittedForm(session, fields)

    async def earlier_form(
        self, request: Request, connection: Connection, fields: Fields, purpose: str, item: str = ""
    ) -> SubmittedForm | None:
        """Return a form that this browser was shown before somebody signed in there, a moment ago; None if it isn't."""
        session = await self.read_session(request, connection)
        opener = None if session.person is None else await find_opener(connection, session.cookie, self.clock())
        if opener is None:
            return None
        subject = _subject(BrowserSession(session.cookie, False, None), fields.one(item) if item else "")
        if not self.csrf.accepts_earlier(request, opener, fields.one("form_token"), purpose, subject):
            return None
        return SubmittedForm(session, fields)

    def show(self, session: BrowserSession, template: str, error: AppError | None = None, **context: Any) -> Response:
        """Render a page with forms. `error` sets its alert, status and Retry-After."""
        status = 200 if error is None else status_of_refusal(error)
        visitor, keeper = session.person, None if session.person is None else kept_for(session.person)
        response = self.pages.page(template, status=status, error=error, visitor=visitor, keeper=keeper, **context)
        response.headers[PERSON] = keeper or NOBODY
        if error is not None:
            set_retry_after(response, error)
        if session.is_new:
            self.cookie.write(response, session.cookie)
        return response

    def see_other(self, path: str, cookie: NewCookie | None = None) -> Response:
        """Redirect to another page of the service with 303, setting `cookie` if there is one."""
        response = RedirectResponse(self.url(path), 303, headers={"Cache-Control": "no-store"})
        if cookie is not None:
            self.cookie.write(response, cookie.value, cookie.max_age)
        return response

    def redirect_page(self, title: str, text: str, target: str) -> Response:
        """Render a page that goes on to another site by itself.

        Chrome applies the policy `form-action` to redirects that follow a form, so it would block a plain one.
        """
        return self.pages.page(
            "redirect.html", policy=BARE_PAGE, referrer=NO_REFERRER, title=title, text=text, target=target
        )

    def url(self, path: str) -> str:
        """Return `path` below the path in PUBLIC_URL."""
        return f"{self.public_path}{path}"


def kept_for(person: Person) -> str:
    """Return the name under which a browser keeps what is a person's own. It lets nobody in."""
    return hashlib.sha256(b"kept for " + person.id.bytes).hexdigest()[:32]


def _sighting(request: Request) -> Sighting:
    """Return what is noted of the browser that sent a request; its name may hold anything and be of any length."""
    sent = request.headers.get("user-agent", "")[:LONGEST_BROWSER]
    browser = "".join(character for character in sent if character.isprintable()).strip()
    return Sighting(browser or None, known_network(client_address(request)))


def _subject(session: BrowserSession, item: str) -> str:
    return f"{session.person.id if session.person else ''} {item}"
