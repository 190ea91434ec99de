"""Members of a household: how they join and leave, and their roles. Every change is in the audit log.

After committing a change, call `MembersChanged`: it ends the person's streams and cached access in every process.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from app.audit.models import Action, AuditEntry
from app.audit.repository import record
from app.db import Connection
from app.errors import Conflict, LimitReached, NotFound, RoleRefused
from app.households import guest_repository, invitation_repository, repository
from app.households.models import Member, Role
from app.people.repository import lock_account

MEMBERS: Final = 50
"""The most members of a household."""

HOUSEHOLDS_OF_PERSON: Final = 20
"""The most households that a person belongs to."""

LEFT: Final = "left"


async def join(
    connection: Connection, household_id: UUID, person_id: UUID, role: Role, now: datetime, *, by: UUID | None
) -> None:
    """Make a person a member. `by` is who does it: the person, someone else, or None for an operator."""
    await repository.insert_membership(connection, household_id, person_id, role)
    await record(connection, _entry(household_id, person_id, by, role, now))


async def change_role(
    connection: Connection, household_id: UUID, person_id: UUID, role: Role, now: datetime, *, by: UUID
) -> Role:
    """Change a member's role on behalf of an owner, and return the role that they had.

    A member whom someone else makes a viewer may know a code that would make them an editor again, so the open
    invitations for editors are withdrawn. Viewers can't share lists, so the links that they gave to guests end too.
    Raises `RoleRefused`, `NotFound`, and `Conflict` if no owner would remain.
    """
    members = await lock_members(connection, household_id)
    require_owner(members, by)
    member = find_member(members, person_id)
    if member is None:
        raise NotFound("That person is not a member of this household.", field="person")
    if member.role != role:
        _keep_an_owner(members, member)
        await repository.update_role(connection, household_id, person_id, role)
        if member.role == "owner":
            await invitation_repository.delete_invitations_by(connection, household_id, person_id)
        if role == "viewer":
            await guest_repository.delete_links_by(connection, household_id, person_id)
        if role == "viewer" and by != person_id:
            await invitation_repository.delete_invitations_as(connection, household_id, ["editor"])
        await record(connection, _entry(household_id, person_id, by, role, now))
    return member.role


async def leave(connection: Connection, household_id: UUID, person_id: UUID, now: datetime, *, by: UUID | None) -> bool:
    """End a membership, and withdraw the invitations and the links for guests that the person made; False if they are
    not a member. `by` is who does it: the person, an owner, or None for an operator.

    Someone who is removed by another person may know a code that would let them back in, so all open invitations are
    withdrawn then.
    Raises `RoleRefused`, and `Conflict` if no owner would remain.
    """
    members = await lock_members(connection, household_id)
    if by not in (person_id, None):
        require_owner(members, by)
    member = find_member(members, person_id)
    if member is None:
        return False
    _keep_an_owner(members, member)
    await repository.delete_membership(connection, household_id, person_id)
    await guest_repository.delete_links_by(connection, household_id, person_id)
    if by == person_id:
        await invitation_repository.delete_invitations_by(connection, household_id, person_id)
    else:
        await invitation_repository.delete_invitations_as(connection, household_id, ["editor", "viewer"])
    await record(connection, _entry(household_id, person_id, by, LEFT, now))
    return True


async def refuse_too_many_households(connection: Connection, person_id: UUID) -> None:
    """Raise `LimitReached` if a person can't join another household, and `Conflict` if they have deleted their account.
    Until the transaction ends, they can do neither."""
    if not await lock_account(connection, person_id):
        raise Conflict("This account was deleted meanwhile.")
    if await repository.count_memberships(connection, person_id) >= HOUSEHOLDS_OF_PERSON:
        raise LimitReached(
            "{most} households are the most that you can belong to. Leave one first.",
            values={"most": HOUSEHOLDS_OF_PERSON},
        )


async def lock_members(connection: Connection, household_id: UUID) -> list[Member]:
    """Return the members of a household, who stay the same until the transaction ends."""
    await repository.lock_household(connection, household_id)
    return await repository.members_of(connection, household_id)


def require_owner(members: Sequence[Member], person_id: UUID | None) -> None:
    """Raise `RoleRefused` unless the person is an owner among `members`."""
    member = None if person_id is None else find_member(members, person_id)
    if member is None or member.role != "owner":
        raise RoleRefused("Only an owner of the household can do this. Ask an owner to do it, or to make you one.")


def find_member(members: Sequence[Member], person_id: UUID) -> Member | None:
    """Return the member who is this person."""
    return next((each for each in members if each.person_id == person_id), None)


def _keep_an_owner(members: Sequence[Member], leaving: Member) -> None:
    if [each for each in members if each.role == "owner"] == [leaving]:
        raise Conflict(
            "A household needs an owner, and this is its only one. Make someone else an owner first.", field="person"
        )


def _entry(household_id: UUID, person_id: UUID, by: UUID | None, detail: str, now: datetime) -> AuditEntry:
    return AuditEntry(
        action=Action.MEMBERSHIP_CHANGED,
        at=now,
        person_id=by,
        other_person_id=None if by == person_id else person_id,
        household_id=household_id,
        detail=detail,
    )
