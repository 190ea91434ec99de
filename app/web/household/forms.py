"""The forms of the page of a person's households: inviting, promoting, removing, leaving, naming and deleting."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app.db import Connection, new_id, transaction
from app.errors import AppError, Conflict, Invalid
from app.households import invitations, members
from app.households.invitations import NewInvitation
from app.households.models import InvitedRole, Role
from app.households.repository import memberships_of
from app.households.settings import change_household
from app.households.tenant import Actor
from app.limits.defaults import HOUSEHOLD_FORMS
from app.limits.rate_limit import RateLimit
from app.lists.new_household import create_household
from app.lists.transfer.delete_household import delete_household
from app.oauth.grants.repository import needing, uncover_household
from app.oauth.grants.revocation import GrantRevocations, RevocationReason
from app.people.models import Person
from app.people.session_repository import find_person
from app.ui.forms import Fields
from app.ui.page_kit import SubmittedForm
from app.ui.paths import HOUSEHOLD, join_path
from app.web.context import WebContext
from app.web.household.page import HOURS, WHICH, actor_of, household_page, new_link

Choice = TypeVar("Choice")

INVITE: Final = "/household/invite"
WITHDRAW: Final = "/household/withdraw"
ROLE: Final = "/household/role"
REMOVE: Final = "/household/remove"
RENAME: Final = "/household/rename"
TIME_ZONE: Final = "/household/time-zone"
NEW: Final = "/household/new"
DELETE: Final = "/household/delete"

_HOURS: Final = {value: int(value) for value in HOURS}
_ROLES: Final[dict[str, Role]] = {"owner": "owner", "editor": "editor", "viewer": "viewer"}
_INVITED: Final[dict[str, InvitedRole]] = {"editor": "editor", "viewer": "viewer"}


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

    async def act(form: SubmittedForm, person: Person) -> Response:
        # The CSRF token covers it: we wrote it.
        household, _, other = form.fields.one(WHICH).partition(" ")
        household_id = UUID(household) if household else new_id()
        revocations = web.revocations(request)
        made = await _change(web, path, form, household_id, UUID(other) if other else household_id, revocations)
        if made is None:
            return web.kit.see_other(HOUSEHOLD)
        invited = new_link(web, household_id, made, join_path(made.code))
        return await household_page(web, form.session, person, shown=invited)

    return await answer_form(web, request, path, HOUSEHOLD_FORMS, act)


async def answer_form(
    web: WebContext,
    request: Request,
    path: str,
    limit: RateLimit,
    act: Callable[[SubmittedForm, Person], Awaitable[Response]],
) -> Response:
    """Answer a form of the page by what `act` does with it, within a limit per person; a refusal is shown in the form.
    It is not done unless the form is our own and who sent it is signed in."""
    form = await web.kit.submitted_form(request, path, WHICH)
    person = form.session.person if form else None
    if form is None or person is None:
        return web.account_pages.out_of_date()
    try:
        await web.limiter.check(limit, person.id)
        return await act(form, person)
    except AppError as error:
        return await household_page(web, form.session, person, error, error_in=path)


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


async def require_person(connection: Connection, form: SubmittedForm, now: datetime) -> Person:
    """Return who is signed in, now that the form takes effect. Raises `Conflict` for somebody who has signed out."""
    person = await find_person(connection, form.session.cookie, now)
    if person is None:
        raise Conflict("You have signed out meanwhile. Sign in again.")
    return person


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
