"""The browser at a page: its cookie, who is signed in with it, and how that changes."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.crypto.tokens import new_secret
from app.db import Connection, transaction
from app.oauth.context import OAuthContext
from app.people.models import Person
from app.people.sessions import SESSION_LIFE, close_session, find_person, open_session


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """A browser at one of the pages: its cookie, whether it has just got it, and who is signed in."""

    cookie: str
    is_new: bool
    person: Person | None


@dataclass(frozen=True, slots=True)
class NewCookie:
    """What a browser keeps from now on, for so many seconds (None: until it is closed)."""

    value: str
    max_age: int | None


async def read_browser_session(server: OAuthContext, request: Request) -> BrowserSession:
    """Who is at the page."""
    known = server.cookie.read(request)
    if known is None:
        return BrowserSession(new_secret(), True, None)
    async with transaction(server.engine) as connection:
        return BrowserSession(known, False, await find_person(connection, known, server.clock()))


async def swap_session(server: OAuthContext, connection: Connection, cookie: str, person: Person | None) -> NewCookie:
    """Sign `person` in (None: out) at the browser with this cookie, which is worth nothing afterwards."""
    await close_session(connection, cookie)
    if person is None:
        return NewCookie(new_secret(), None)
    return NewCookie(
        await open_session(connection, person.id, server.clock()), max_age=int(SESSION_LIFE.total_seconds())
    )


def provider_of(server: OAuthContext, person: Person) -> str | None:
    """The name of the provider where a person signs in; None for people with an address, who have a password here."""
    return server.oidc_provider.name if server.oidc_provider is not None and person.email is None else None


def see_other(server: OAuthContext, path: str, cookie: NewCookie | None = None) -> Response:
    """Go on to another page of ours, with another cookie where one is given."""
    response = RedirectResponse(server.url(path), 303, headers={"Cache-Control": "no-store"})
    if cookie is not None:
        server.cookie.write(response, cookie.value, cookie.max_age)
    return response
