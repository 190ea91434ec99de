"""The first sign-in: a household of one's own, with a list to write on."""

from typing import Final
from uuid import UUID

from app.audit.entry import Action, Entry
from app.audit.recording import record
from app.db import Connection
from app.households import repository as households
from app.lists import repository
from app.ops.clock import system_clock
from app.people.person import Person

FIRST_LIST: Final = "Groceries"
OWNER: Final = "owner"


async def found_household(connection: Connection, household_id: UUID, person: Person) -> None:
    """A new household owned by the person, with its first list, inside the transaction that made the person.

    The transaction must have been opened for `household_id`, a fresh id.
    """
    await households.insert_household(connection, household_id, f"{person.name}'s household")
    await households.insert_membership(connection, household_id, person.id, OWNER)
    await record(
        connection,
        Entry(
            action=Action.MEMBERSHIP_CHANGED,
            at=system_clock(),
            person_id=person.id,
            household_id=household_id,
            detail=OWNER,
        ),
    )
    await repository.insert_first_list(connection, household_id, FIRST_LIST)
