"""Invitations: a code, alone or in a link, with which people join a household by themselves."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.audit.models import Action, AuditEntry
from app.audit.repository import record
from app.crypto.tokens import hash_of
from app.db import Connection
from app.errors import Conflict, Invalid, LimitReached, NotFound, gettext_noop
from app.households import invitation_repository, repository
from app.households.members import MEMBERS, find_member, join, lock_members, refuse_too_many_households, require_owner
from app.households.models import RANKS, Invitation, InvitedRole

LONGEST_HOURS: Final = 30 * 24
MOST_USES: Final = 20
OPEN_INVITATIONS: Final = 20

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Digits and capitals that nobody mistakes for another when a code is read aloud (Crockford's Base32)."""

_LENGTH: Final = 16
"""80 random bits: a code can't be guessed, nor found from its hash."""

_GROUP: Final = 4
_MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})

NO_INVITATION: Final = gettext_noop(
    "This invitation is used up, has ended or was withdrawn, or the code was mistyped. Ask for another."
)


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """An invitation that was just made, with its code, which is shown this once."""

    id: UUID
    code: str
    role: InvitedRole
    expires_at: datetime
    uses: int


async def invite(
    connection: Connection, household_id: UUID, role: InvitedRole, now: datetime, *, by: UUID, hours: int, uses: int
) -> NewInvitation:
    """Make an invitation, as an owner. It works for `hours` and for so many people.

    Raises `RoleRefused`, `Invalid` for `hours` and `uses`, and `LimitReached` when OPEN_INVITATIONS are open.
    """
    for field, given, most in (("hours", hours, LONGEST_HOURS), ("uses", uses, MOST_USES)):
        if not 1 <= given <= most:
            raise Invalid("{field} must be from 1 to {most}.", values={"field": field, "most": most}, field=field)
    members = await lock_members(connection, household_id)
    require_owner(members, by)
    if await invitation_repository.count_open_invitations(connection, household_id, now) >= OPEN_INVITATIONS:
        raise LimitReached(
            "{most} invitations are open, the most a household can have. Withdraw one first.",
            values={"most": OPEN_INVITATIONS},
        )
    digits = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    expires_at = now + timedelta(hours=hours)
    invitation_id = await invitation_repository.insert_invitation(
        connection, household_id, hash_of(digits), role, by, now, expires_at, uses
    )
    await record(connection, _entry(Action.INVITATION_MADE, household_id, by, role, now))
    return NewInvitation(invitation_id, _in_groups(digits), role, expires_at, uses)


def spelled(code: str) -> str:
    """Return a code as it was given out, however it was typed; itself if it can't be one."""
    digits = _digits_of(code)
    return code if digits is None else _in_groups(digits)


async def find_by_code(connection: Connection, code: str, now: datetime) -> Invitation:
    """Return the open invitation with this code, however it was typed. Raises `NotFound`."""
    digits = _digits_of(code)
    found = await invitation_repository.find_invitation(connection, hash_of(digits), now) if digits else None
    if found is None:
        raise NotFound(NO_INVITATION, field="code")
    return found


async def accept(connection: Connection, code: str, person_id: UUID, now: datetime) -> Invitation:
    """Make a person a member of the household that they were invited to, and return what they were invited to.

    A member who accepts an invitation to more than their role gets that; others use nothing up.
    Call `MembersChanged` after the commit.
    Raises `NotFound` for a code that does not work, and `LimitReached` for too many households or members.
    """
    members = await lock_members(connection, (await find_by_code(connection, code, now)).household_id)
    found = await find_by_code(connection, code, now)  # as it is now that nobody else can use it
    member = find_member(members, person_id)
    if member is not None and RANKS[member.role] >= RANKS[found.role]:
        return found
    if member is not None:
        await repository.update_role(connection, found.household_id, person_id, found.role)
        await record(connection, _entry(Action.MEMBERSHIP_CHANGED, found.household_id, person_id, found.role, now))
    else:
        if len(members) >= MEMBERS:
            raise LimitReached("This household has {most} members, the most it can have.", values={"most": MEMBERS})
        await refuse_too_many_households(connection, person_id)
        await join(connection, found.household_id, person_id, found.role, now, by=person_id)
    await invitation_repository.use_invitation(connection, found.id)
    return found


async def withdraw(connection: Connection, household_id: UUID, invitation_id: UUID, now: datetime, *, by: UUID) -> None:
    """End an invitation, as an owner. Raises `RoleRefused`, and `Conflict` if it is no longer open."""
    require_owner(await lock_members(connection, household_id), by)
    if not await invitation_repository.delete_invitation(connection, household_id, invitation_id):
        raise Conflict("That invitation has already ended.")
    await record(connection, _entry(Action.INVITATION_WITHDRAWN, household_id, by, None, now))


def _digits_of(code: str) -> str | None:
    """Return the digits of a typed code; None if it can't be one."""
    digits = "".join(each for each in code[:100].upper().translate(_MISREAD) if each.isalnum())
    return digits if len(digits) == _LENGTH and all(each in _ALPHABET for each in digits) else None


def _in_groups(digits: str) -> str:
    return "-".join(digits[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


def _entry(action: Action, household_id: UUID, by: UUID, detail: str | None, now: datetime) -> AuditEntry:
    return AuditEntry(action=action, at=now, person_id=by, household_id=household_id, detail=detail)
