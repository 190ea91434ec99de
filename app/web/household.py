"""The page of a person's households: who is in them, and inviting, promoting, removing and leaving."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, TypeVar
from uuid import UUID

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from app.db import Connection, new_id, transaction
from app.errors import AppError, Conflict, Invalid, gettext_noop
from app.households import guest_repository, invitation_repository, invitations, members
from app.households.guests import NewGuestLink
from app.households.invitations import NewInvitation
from app.households.models import GuestLink, Invitation, InvitedRole, Member, Membership, Role
from app.households.repository import members_of, memberships_of
from app.households.settings import change_household
from app.households.tenant import SERVICE, Actor, open_tenant
from app.households.time_zones import zone_names
from app.limits.defaults import HOUSEHOLD_FORMS
from app.lists.models import ShoppingList
from app.lists.new_household import create_household
from app.lists.repository import all_lists
from app.lists.transfer.delete_household import delete_household
from app.oauth.grants.repository import needing, uncover_household
from app.oauth.grants.revocation import GrantRevocations, RevocationReason
from app.people.models import Person
from app.people.session_repository import find_person
from app.ui.forms import Fields
from app.ui.page_kit import BrowserSession, SubmittedForm
from app.ui.paths import HOUSEHOLD, join_path
from app.ui.qr_code import qr_svg
from app.web.context import WebContext
from app.web.destinations import SIGN_IN

Choice = TypeVar("Choice")

INVITE: Final = "/household/invite"
WITHDRAW: Final = "/household/withdraw"
ROLE: Final = "/household/role"
REMOVE: Final = "/household/remove"
RENAME: Final = "/household/rename"
TIME_ZONE: Final = "/household/time-zone"
NEW: Final = "/household/new"
DELETE: Final = "/household/delete"

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

_HOURS: Final = {value: int(value) for value in HOURS}
_ROLES: Final[dict[str, Role]] = {"owner": "owner", "editor": "editor", "viewer": "viewer"}
_INVITED: Final[dict[str, InvitedRole]] = {"editor": "editor", "viewer": "viewer"}


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


@dataclass(frozen=True, slots=True)
class _Submitted:
    """What a form asks for: by whom, in which household, and about which person or invitation of it."""

    fields: Fields
    by: UUID
    household_id: UUID
    other_id: UUID
    now: datetime
    revocations: GrantRevocations


async def _invite(connection: Connection, form: _Submitted) -> NewInvitation:
    role, hours = chosen(form.fields, "role", _INVITED), chosen(form.fields, "hours", _HOURS)
    return await invitations.invite(connection, form.household_id, role, form.now, by=form.by, hours=hours, uses=1)


async def _withdraw(connection: Connection, form: _Submitted) -> None:
    await invitations.withdraw(connection, form.household_id, form.other_id, form.now, by=form.by)


async def _change_role(connection: Connection, form: _Submitted) -> None:
    role = chosen(form.fields, "role", _ROLES)
    await members.change_role(connection, form.household_id, form.other_id, role, form.now, by=form.by)


async def _remove(connection: Connection, form: _Submitted) -> None:
    if not await members.leave(connection, form.household_id, form.other_id, form.now, by=form.by):
        raise Conflict("That person is no longer a member.")


async def _rename(connection: Connection, form: _Submitted) -> None:
    await change_household(connection, form.household_id, form.now, by=form.by, name=form.fields.one("name"))


async def _set_time_zone(connection: Connection, form: _Submitted) -> None:
    zone = form.fields.one("time_zone")
    await change_household(connection, form.household_id, form.now, by=form.by, time_zone=zone)


async def _create(connection: Connection, form: _Submitted) -> None:
    await create_household(connection, form.household_id, form.fields.one("name"), form.by, form.now)


async def _delete(connection: Connection, form: _Submitted) -> None:
    await form.revocations.revoke(connection, needing(form.household_id), RevocationReason.HOUSEHOLD_DELETED, form.now)
    await uncover_household(connection, form.household_id)
    await delete_household(connection, form.household_id, form.fields.one("name"), form.now, by=form.by)


FORMS: Final[dict[str, Callable[[Connection, _Submitted], Awaitable[NewInvitation | None]]]] = {
    INVITE: _invite,
    WITHDRAW: _withdraw,
    ROLE: _change_role,
    REMOVE: _remove,
    RENAME: _rename,
    TIME_ZONE: _set_time_zone,
    NEW: _create,
    DELETE: _delete,
}
"""What each form of the page does; those about guests and archives have files of their own."""


async def post_household(web: WebContext, path: str, request: Request) -> Response:
    """POST of one of the forms of the page: make the change, and show the page again."""
    found = await signed_in_form(web, request, path)
    if found is None:
        return web.account_pages.out_of_date()
    form, person = found
    # The CSRF token covers it: we wrote it.
    which = form.fields.one(WHICH)
    household, _, other = which.partition(" ")
    household_id = UUID(household) if household else new_id()
    try:
        await web.limiter.check(HOUSEHOLD_FORMS, person.id)
        revocations = web.revocations(request)
        made = await _change(web, path, form, household_id, UUID(other) if other else household_id, revocations)
    except AppError as error:
        return await household_page(web, form.session, person, error, error_in=path)
    if made is None:
        return web.kit.see_other(HOUSEHOLD)
    invited = new_link(web, household_id, made, join_path(made.code))
    return await household_page(web, form.session, person, shown=invited)


async def _change(
    web: WebContext,
    path: str,
    form: SubmittedForm,
    household_id: UUID,
    other_id: UUID,
    revocations: GrantRevocations,
) -> NewInvitation | None:
    def notify() -> None:
        # Names and time zones too: they are cached with the memberships.
        if path in (ROLE, REMOVE, RENAME, TIME_ZONE, DELETE):
            web.members_changed(household_id)
        revocations.publish()

    # The rows of a household that is being made are protected already, and those of one that is deleted too: nobody
    # writes there meanwhile.
    opened_for = household_id if path in (NEW, DELETE) else None
    async with transaction(
        web.kit.engine, household_id=opened_for, write=path == DELETE, committed=notify
    ) as connection:
        now = web.kit.clock()
        person = await require_person(connection, form, now)
        submitted = _Submitted(form.fields, person.id, household_id, other_id, now, revocations)
        return await FORMS[path](connection, submitted)


async def signed_in_form(web: WebContext, request: Request, path: str) -> tuple[SubmittedForm, Person] | None:
    """Return a posted form of the page and who sent it; None unless it is our own and they are signed in."""
    form = await web.kit.submitted_form(request, path, WHICH)
    person = form.session.person if form else None
    return None if form is None or person is None else (form, person)


async def require_person(connection: Connection, form: SubmittedForm, now: datetime) -> Person:
    """Return who is signed in, now that the form takes effect. Raises `Conflict` for somebody who has signed out."""
    person = await find_person(connection, form.session.cookie, now)
    if person is None:
        raise Conflict("You have signed out meanwhile. Sign in again.")
    return person


def new_link(web: WebContext, household_id: UUID, made: NewInvitation | NewGuestLink, path: str) -> NewLink:
    """Return the link to a path with a code that was just made."""
    link = f"{web.public_url}{path}"
    return NewLink(household_id, made, link, qr_svg(link))


def actor_of(person: Person, memberships: Sequence[Membership]) -> Actor:
    """Return who acts on this page, in one of their households."""
    return Actor(person.id, PAGE, SERVICE, tuple(memberships), memberships[0].household_id)


async def find_actor(web: WebContext, person: Person, household_id: UUID) -> Actor:
    """Return a person as one who acts in a household. Raises `Conflict` for somebody who doesn't belong to it."""
    async with transaction(web.kit.engine) as connection:
        found = [each for each in await memberships_of(connection, person.id) if each.household_id == household_id]
    if not found:
        raise Conflict("You are no longer a member of this household.")
    return actor_of(person, found)


def chosen(fields: Fields, name: str, choices: Mapping[str, Choice]) -> Choice:
    """Return what the value of a field stands for. Raises `Invalid` for one that the form doesn't offer."""
    found = choices.get(fields.one(name))
    if found is None:
        raise Invalid("Choose one of the possible values of {field}.", values={"field": name}, field=name)
    return found


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
