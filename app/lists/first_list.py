"""The household that a new person gets, with its first list."""

from datetime import datetime
from typing import Final
from uuid import UUID

from app.db import Connection
from app.households import repository as households
from app.households.members import join
from app.households.time_zones import UTC_NAME
from app.lists import repository
from app.people.models import Person

FIRST_LIST: Final = "Groceries"


async def create_first_household(
    connection: Connection, household_id: UUID, person: Person, now: datetime, time_zone: str = UTC_NAME
) -> None:
    """Create a household owned by the person, with its first list, in the transaction that created the person.

    The transaction must have been opened for `household_id`, a new id.
    """
    await households.insert_household(connection, household_id, f"{person.name}'s household", time_zone)
    await join(connection, household_id, person.id, "owner", now, by=person.id)
    await repository.insert_first_list(connection, household_id, FIRST_LIST)
