"""A new household, with its first list."""

from datetime import datetime
from typing import Final
from uuid import UUID

from app.db import Connection
from app.households import repository as households
from app.households.members import join, refuse_too_many_households
from app.households.settings import clean_name
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
    await _create(connection, household_id, f"{person.name}'s household", person.id, now, time_zone)


async def create_household(
    connection: Connection, household_id: UUID, name: str, person_id: UUID, now: datetime
) -> None:
    """Create a further household of a person, as `create_first_household` does.

    Raises `Invalid` for the name, and `LimitReached` for too many households.
    """
    cleaned = clean_name(name)
    await refuse_too_many_households(connection, person_id)
    await _create(connection, household_id, cleaned, person_id, now)


async def _create(
    connection: Connection, household_id: UUID, name: str, person_id: UUID, now: datetime, time_zone: str = UTC_NAME
) -> None:
    await households.insert_household(connection, household_id, name, time_zone)
    await join(connection, household_id, person_id, "owner", now, by=person_id)
    await repository.insert_first_list(connection, household_id, FIRST_LIST)
