"""Deleting a household, for good."""

from datetime import datetime
from uuid import UUID

from app.audit.models import Action, AuditEntry
from app.audit.repository import record
from app.db import Connection
from app.errors import Conflict, Invalid
from app.households.members import lock_members, require_owner
from app.households.repository import memberships_of
from app.lists.transfer.repository import delete_rows
from app.text import fold


async def delete_household(
    connection: Connection, household_id: UUID, confirmed_name: str, now: datetime, *, by: UUID
) -> None:
    """Delete a household with its lists, history, purchases, recipes, members and invitations, as an owner.

    The transaction must have been opened for it, to write; grants that cover it must have ended. What the audit record
    says of it stays. Call `MembersChanged` after the commit.
    Raises `RoleRefused`, `Conflict` if it is gone, and `Invalid` unless its name was typed.
    """
    members = await lock_members(connection, household_id)
    found = next((each for each in await memberships_of(connection, by) if each.household_id == household_id), None)
    if found is None:
        raise Conflict("You are no longer a member of this household, or it was deleted.")
    require_owner(members, by)
    if fold(confirmed_name) != fold(found.name):
        raise Invalid("Type the name of the household to delete it. Nothing was deleted.", field="name")
    await delete_rows(connection, household_id)
    entry = AuditEntry(action=Action.HOUSEHOLD_DELETED, at=now, person_id=by, household_id=household_id)
    await record(connection, entry)
