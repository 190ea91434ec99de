"""The page of a person's households: who is in them, what was invited, and what guests see."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from app.db import transaction
from app.errors import AppError, gettext_noop
from app.households import guest_repository, invitation_repository
from app.households.guests import NewGuestLink
from app.households.invitations import NewInvitation
from app.households.models import GuestLink, Invitation, Member, Membership
from app.households.repository import members_of, memberships_of
from app.households.tenant import SERVICE, Actor, open_tenant
from app.households.time_zones import zone_names
from app.lists.models import ShoppingList
from app.lists.repository import all_lists
from app.people.models import Person
from app.ui.page_kit import BrowserSession
from app.ui.paths import HOUSEHOLD
from app.ui.qr_code import qr_svg
from app.web.context import WebContext
from app.web.destinations import SIGN_IN

PAGE: Final = "page"
"""The client in the history and in the audit record: this page."""

WHICH: Final = "which"
"""The field that names what a form acts on: a household, or a household with a person or an invitation of it."""

HOURS: Final = {"24": gettext_noop("a day"), "168": gettext_noop("a week"), "720": gettext_noop("30 days")}
"""How long an invitation works, by the value in the form."""

GUEST_DAYS: Final = {
    "7": gettext_noop("a week"),
    "1": gettext_noop("a day"),
    "30": gettext_noop("30 days"),
    "365": gettext_noop("a year"),
}
"""How long a guest's link works, by the value in the form."""


@dataclass(frozen=True, slots=True)
class NewLink:
    """The link of an invitation or a guest that was just made, also as a drawing for a phone's camera."""

    household_id: UUID
    made: NewInvitation | NewGuestLink
    link: str
    drawing: Markup


@dataclass(frozen=True, slots=True)
class ShownHousehold:
    """A household, its members, for an owner its open invitations, and for whoever may share its lists those, and the
    links of its guests."""

    membership: Membership
    members: list[Member]
    invitations: list[Invitation]
    lists: Sequence[ShoppingList]
    guests: Sequence[GuestLink]

    def list_of(self, link: GuestLink) -> str:
        """Return the name of the list that a guest sees."""
        return next((each.name for each in self.lists if each.id == link.list_id), "")

    @property
    def shares(self) -> bool:
        """Whether the person may share its lists with guests."""
        return self.membership.role != "viewer"

    @property
    def is_owned(self) -> bool:
        """Whether the person is one of its owners."""
        return self.membership.role == "owner"


async def show_household(web: WebContext, request: Request) -> Response:
    """GET /household."""
    session = await web.kit.read_session(request)
    if session.person is None:
        return web.kit.see_other(f"{SIGN_IN}?next={HOUSEHOLD}")
    return await household_page(web, session, session.person)


def new_link(web: WebContext, household_id: UUID, made: NewInvitation | NewGuestLink, path: str) -> NewLink:
    """Return the link to a path with a code that was just made."""
    link = f"{web.public_url}{path}"
    return NewLink(household_id, made, link, qr_svg(link))


def actor_of(person: Person, memberships: Sequence[Membership]) -> Actor:
    """Return who acts on this page, in one of their households."""
    return Actor(person.id, PAGE, SERVICE, tuple(memberships), memberships[0].household_id)


async def household_page(
    web: WebContext,
    session: BrowserSession,
    person: Person,
    error: AppError | None = None,
    *,
    error_in: str | None = None,
    shown: NewLink | None = None,
    shared: NewLink | None = None,
) -> Response:
    """Show the page, with an error of one of its forms, or an invitation or a guest's link that was just made."""
    async with transaction(web.kit.engine) as connection:
        memberships = await memberships_of(connection, person.id)
    found = [await _shown(web, person, each) for each in memberships]
    return web.kit.show(
        session,
        "household.html",
        error,
        error_in=error_in,
        person=person,
        households=found,
        shown=shown,
        shared=shared,
        guest_days=GUEST_DAYS,
        hours=HOURS,
        time_zones=zone_names(),
        token=partial(web.kit.csrf_token, session),
    )


async def _shown(web: WebContext, person: Person, membership: Membership) -> ShownHousehold:
    household_id, now = membership.household_id, web.kit.clock()
    async with open_tenant(web.kit.engine, actor_of(person, [membership]), None, write=False) as tenant:
        connection = tenant.connection
        is_owned, shares = membership.role == "owner", membership.role != "viewer"
        return ShownHousehold(
            membership,
            await members_of(connection, household_id),
            await invitation_repository.open_invitations(connection, household_id, now) if is_owned else [],
            await all_lists(tenant) if shares else [],
            await guest_repository.links_of(connection, household_id, now) if shares else [],
        )
