"""Joining and leaving households. Every change is recorded."""

from datetime import datetime
from typing import Final
from uuid import UUID

from app.audit.models import Action, AuditEntry
from app.audit.repository import record
from app.db import Connection
from app.households import repository
from app.households.models import Role

LEFT: Final = "left"


async def join(
    connection: Connection, household_id: UUID, person_id: UUID, role: Role, now: datetime, *, by: UUID | None
) -> None:
    """Make a person a member. `by` is who does it: the person, someone else, or None for an operator."""
    await repository.insert_membership(connection, household_id, person_id, role)
    await record(connection, _entry(household_id, person_id, by, role, now))


async def leave(connection: Connection, household_id: UUID, person_id: UUID, now: datetime, *, by: UUID | None) -> bool:
    """End a membership; False if there is none. Call `PubSub.members_changed` after the commit."""
    if not await repository.delete_membership(connection, household_id, person_id):
        return False
    await record(connection, _entry(household_id, person_id, by, LEFT, now))
    return True


def _entry(household_id: UUID, person_id: UUID, by: UUID | None, detail: str, now: datetime) -> AuditEntry:
    return AuditEntry(
        action=Action.MEMBERSHIP_CHANGED,
        at=now,
        person_id=by,
        other_person_id=None if by == person_id else person_id,
        household_id=household_id,
        detail=detail,
    )
