"""Who is at a page of lists, and in which of their households: the one way into every page and form here."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from app.db import Connection, transaction
from app.errors import NotFound, RoleRefused
from app.households.models import Membership
from app.households.repository import memberships_of
from app.households.tenant import SERVICE, Actor, ProvenHousehold, prove_household
from app.limits.defaults import LIST_PAGES
from app.people.models import Person
from app.people.session_repository import find_person
from app.ui.page_kit import BrowserSession
from app.ui.paths import LISTS, list_path
from app.web.context import WebContext
from app.web.destinations import SIGN_IN

FORM: Final = LISTS
"""The purpose of the CSRF tokens of all forms here; each covers the household."""

HOUSEHOLD: Final = "household"
"""The field and the parameter that name the household."""

PAGE: Final = "page"
"""The client in the history and in the audit record: these pages."""

NO_LIST: Final = "There is no such list. It may have been deleted, or you are no longer a member of its household."
ONLY_LOOKS: Final = "You can look at this household but not change it. One of its owners can make you an editor."


@dataclass(frozen=True, slots=True)
class Visit:
    """A person who is signed in at a browser, at a page of a household that they belong to."""

    session: BrowserSession
    person: Person
    membership: Membership

    @property
    def may_change(self) -> bool:
        """Whether they may change its lists."""
        return self.membership.role != "viewer"

    @property
    def actor(self) -> Actor:
        """Who acts, in this household alone."""
        return Actor(self.person.id, PAGE, SERVICE, (self.membership,), self.membership.household_id)

    def household(self, web: WebContext, *, write: bool) -> ProvenHousehold:
        """Return the household to read or write in. Raises `RoleRefused` for a viewer who wants to write."""
        return prove_household(
            web.kit.engine,
            self.actor,
            None,
            write=write,
            lists_changed=web.lists_changed,
            members_changed=web.members_changed,
        )


class AccessLost(NotFound):
    """The person has signed out meanwhile, or belongs to the household no longer: they see nothing of it."""


VisitHandler = Callable[[WebContext, Visit, Request], Awaitable[Response]]


async def prove_again(connection: Connection, web: WebContext, visit: Visit) -> None:
    """Raise `AccessLost` for who has signed out meanwhile, or belongs to the household no longer, and `RoleRefused` for
    who may only look by now."""
    person = await find_person(connection, visit.session.cookie, web.kit.clock())
    memberships = await memberships_of(connection, visit.person.id) if person == visit.person else []
    now = [each for each in memberships if each.household_id == visit.membership.household_id]
    if not now:
        raise AccessLost(NO_LIST)
    if visit.may_change and now[0].role == "viewer":
        raise RoleRefused(ONLY_LOOKS)


async def as_member(web: WebContext, handler: VisitHandler, request: Request, *, choice: str = LISTS) -> Response:
    """Serve a page to a member of the household that the address names; others go to the sign-in page, or get 404.

    Where it names none, the only household of a person is meant; who has several chooses on the page at `choice`.
    """
    session = await web.kit.read_session(request)
    if session.person is None:
        return web.kit.see_other(f"{SIGN_IN}?{urlencode({'next': _address(web, request)})}")
    await web.limiter.check(LIST_PAGES, session.person.id)
    ref = request.query_params.get(HOUSEHOLD, "")
    async with transaction(web.kit.engine) as connection:
        memberships = await memberships_of(connection, session.person.id)
    if not ref and len(memberships) > 1:
        return web.kit.see_other(choice)
    found = [each for each in memberships if each.ref == ref or not ref]
    if not found:
        raise NotFound(NO_LIST)
    return await handler(web, Visit(session, session.person, found[0]), request)


async def find_visit(web: WebContext, session: BrowserSession, person: Person, ref: str) -> Visit:
    """Return the visit of the person who sent a form about a household. Raises `NotFound` if it isn't theirs."""
    async with transaction(web.kit.engine) as connection:
        memberships = await memberships_of(connection, person.id)
    for each in memberships:
        if each.ref == ref:
            return Visit(session, person, each)
    raise NotFound(NO_LIST)


def address_of(visit: Visit, ref: str, part: str = "", **query: str) -> str:
    """Return the address of a list's page, or of a part of it, for links and forms."""
    return list_path(visit.membership.ref, ref, part, **query)


def _address(web: WebContext, request: Request) -> str:
    path = request.url.path.removeprefix(web.kit.public_path)
    return f"{path}?{request.url.query}" if request.url.query else path
