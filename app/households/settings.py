"""The settings of a household: its name, its currency, its language and its time zone."""

from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from app.audit.models import Action, AuditEntry
from app.audit.repository import record
from app.db import Connection
from app.errors import Invalid
from app.households import repository
from app.households.currencies import currency_code
from app.households.members import lock_members, require_owner
from app.households.time_zones import zone_names
from app.text import clean

LONGEST_NAME: Final = 100
Language = Literal["en", "de", "fr", "es"]
"""A language in which shopping lines are understood."""


async def change_household(
    connection: Connection,
    household_id: UUID,
    now: datetime,
    *,
    by: UUID,
    name: str | None = None,
    currency: str | None = None,
    locale: Language | None = None,
    time_zone: str | None = None,
) -> None:
    """Change what is given, as an owner. Raises `RoleRefused`, and `Invalid` with the field or if nothing is given."""
    values: dict[str, str] = {}
    if name is not None:
        values["name"] = clean_name(name)
    if currency is not None:
        values["currency"] = currency_code(currency, "currency")
    if locale is not None:
        values["locale"] = locale
    if time_zone is not None:
        if time_zone not in zone_names():
            raise Invalid("time_zone must be a name of the IANA database, such as Europe/Berlin.", field="time_zone")
        values["time_zone"] = time_zone
    if not values:
        raise Invalid("Nothing to change: give a name, a currency, a locale or a time zone.", field="name")
    require_owner(await lock_members(connection, household_id), by)
    await repository.update_household(connection, household_id, values)
    entry = AuditEntry(
        action=Action.HOUSEHOLD_CHANGED, at=now, person_id=by, household_id=household_id, detail=" ".join(values)
    )
    await record(connection, entry)


def clean_name(name: str) -> str:
    """Return the name of a household, ready to be stored. Raises `Invalid`."""
    return clean(name, "name", LONGEST_NAME)
