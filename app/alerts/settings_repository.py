"""How people want to hear of lists, and when their daily letter is due, in the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, and_, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from app.alerts.models import AlertSettings, QuietHours
from app.alerts.tables import alert_settings, list_alerts
from app.alerts.times import next_letter
from app.db import Connection
from app.households.tables import memberships
from app.people.models import Person
from app.people.repository import person_or_none, select_people
from app.people.tables import people

_SETTINGS: Final = (
    alert_settings.c.language,
    alert_settings.c.time_zone,
    alert_settings.c.quiet_from,
    alert_settings.c.quiet_until,
    alert_settings.c.without_text,
    alert_settings.c.letter_hour,
)


async def find_settings(connection: Connection, person_id: UUID) -> AlertSettings | None:
    """Return how a person wants to hear of lists; None if they have not said so yet."""
    found = await connection.execute(select(*_SETTINGS).where(alert_settings.c.person_id == person_id))
    row = found.first()
    return None if row is None else _settings_of(row)


async def save_settings(connection: Connection, person_id: UUID, saved: AlertSettings, now: datetime) -> None:
    """Store how a person wants to hear of lists, and when their next letter is due."""
    values = {
        "language": saved.language,
        "time_zone": saved.time_zone,
        "quiet_from": None if saved.quiet is None else saved.quiet.start,
        "quiet_until": None if saved.quiet is None else saved.quiet.end,
        "without_text": saved.without_text,
        "letter_hour": saved.letter_hour,
    }
    await connection.execute(
        insert(alert_settings)
        .values(person_id=person_id, **values)
        .on_conflict_do_update(index_elements=[alert_settings.c.person_id], set_=values)
    )
    await plan_letter(connection, person_id, now)


async def delete_settings(connection: Connection, person_id: UUID) -> None:
    """Delete how a person wants to hear of lists."""
    await connection.execute(delete(alert_settings).where(alert_settings.c.person_id == person_id))


async def add_settings(connection: Connection, person_id: UUID, first: AlertSettings) -> None:
    """Store the first settings of a person, unless there are some."""
    values = {"language": first.language, "time_zone": first.time_zone, "letter_hour": first.letter_hour}
    await connection.execute(
        insert(alert_settings)
        .values(person_id=person_id, without_text=first.without_text, **values)
        .on_conflict_do_nothing()
    )


async def plan_letter(connection: Connection, person_id: UUID, now: datetime) -> None:
    """Set when a person's next letter is due; none is while they want no list in it."""
    found = await connection.execute(
        select(*_SETTINGS, alert_settings.c.letter_at).where(alert_settings.c.person_id == person_id).with_for_update()
    )
    row = found.first()
    if row is None:
        return
    of_person = (list_alerts.c.person_id == person_id, list_alerts.c.in_letter)
    wanted = (await connection.execute(select(list_alerts.c.list_id).where(*of_person).limit(1))).first()
    settings = _settings_of(row)
    due = None if wanted is None else next_letter(now, settings.letter_hour, settings.zone, row.letter_at)
    await connection.execute(
        update(alert_settings)
        .where(alert_settings.c.person_id == person_id)
        .values(letter_due_at=due, letter_attempts=0)
    )


async def end_letters(connection: Connection, person_id: UUID) -> bool:
    """Take every list out of a person's letter; False if there was none in it."""
    done = await connection.execute(
        update(list_alerts)
        .where(list_alerts.c.person_id == person_id, list_alerts.c.in_letter)
        .values(in_letter=False)
        .returning(list_alerts.c.list_id)
    )
    ended = done.first() is not None
    await connection.execute(
        delete(list_alerts).where(
            list_alerts.c.person_id == person_id, list_alerts.c.push.is_(None), list_alerts.c.in_letter.is_(False)
        )
    )
    await connection.execute(
        update(alert_settings).where(alert_settings.c.person_id == person_id).values(letter_due_at=None)
    )
    return ended


@dataclass(frozen=True, slots=True)
class DueLetter:
    """A letter that is due, claimed for some minutes; `since` is when the last one was, and `attempts` counts this."""

    person: Person
    settings: AlertSettings
    since: datetime | None
    attempts: int


async def claim_letter(connection: Connection, now: datetime, claimed_for: timedelta) -> DueLetter | None:
    """Claim the letter that is longest due, if one is. If this process dies, it is due again after `claimed_for`."""
    chosen = (
        select(alert_settings.c.person_id)
        .where(alert_settings.c.letter_due_at <= now)
        .order_by(alert_settings.c.letter_due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    claimed = await connection.execute(
        update(alert_settings)
        .where(alert_settings.c.person_id == chosen)
        .values(letter_due_at=now + claimed_for, letter_attempts=alert_settings.c.letter_attempts + 1)
        .returning(alert_settings.c.person_id, *_SETTINGS, alert_settings.c.letter_at, alert_settings.c.letter_attempts)
    )
    row = claimed.first()
    if row is None:
        return None
    found = await connection.execute(
        select_people().where(people.c.id == row.person_id, people.c.email_verified_at.is_not(None))
    )
    person = person_or_none(found.first()) or Person(row.person_id, "", None)
    return DueLetter(person, _settings_of(row), row.letter_at, row.letter_attempts)


async def note_letter(connection: Connection, person_id: UUID, now: datetime) -> None:
    """Note that a person's letter of the day is done with, and when the next one is due."""
    await connection.execute(
        update(alert_settings).where(alert_settings.c.person_id == person_id).values(letter_at=now)
    )
    await plan_letter(connection, person_id, now)


async def find_letter_lists(connection: Connection, person_id: UUID) -> list[tuple[UUID, UUID]]:
    """Return the lists that a person wants in their letter, each a household that they belong to and a list."""
    rows = await connection.execute(
        select(list_alerts.c.household_id, list_alerts.c.list_id)
        .join(
            memberships,
            and_(
                memberships.c.household_id == list_alerts.c.household_id,
                memberships.c.person_id == list_alerts.c.person_id,
            ),
        )
        .where(list_alerts.c.person_id == person_id, list_alerts.c.in_letter)
        .order_by(list_alerts.c.household_id, list_alerts.c.list_id)
    )
    return [(row[0], row[1]) for row in rows]


def _settings_of(row: Row[*tuple[Any, ...]]) -> AlertSettings:
    """Return the settings in the columns `_SETTINGS` of a row."""
    quiet = None if row.quiet_from is None else QuietHours(row.quiet_from, row.quiet_until)
    return AlertSettings(row.language, row.time_zone, quiet, row.without_text, row.letter_hour)
