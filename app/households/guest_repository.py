"""SQL on the links of guests and the keys of their assistants: found by a hash, before any household is known."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, insert, select, update

from app.db import Connection
from app.households.models import GuestLink, GuestMay
from app.households.tables import guest_keys, guest_links, households
from app.people.tables import people

_LINK: Final[Select[*tuple[Any, ...]]] = (
    select(
        guest_links.c.id,
        guest_links.c.household_id,
        households.c.ref,
        households.c.currency,
        households.c.locale,
        households.c.time_zone,
        guest_links.c.list_id,
        guest_links.c.person_id,
        guest_links.c.name,
        guest_links.c.may,
        people.c.name.label("made_by"),
        guest_links.c.created_at,
        guest_links.c.expires_at,
        guest_links.c.first_used_at,
        guest_links.c.last_used_at,
    )
    .join(households, households.c.id == guest_links.c.household_id)
    .join(people, people.c.id == guest_links.c.made_by)
)


async def insert_link(
    connection: Connection,
    link_id: UUID,
    household_id: UUID,
    list_id: UUID,
    person_id: UUID,
    code_hash: bytes,
    name: str,
    may: GuestMay,
    made_by: UUID,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Insert a link."""
    await connection.execute(
        insert(guest_links).values(
            id=link_id,
            household_id=household_id,
            list_id=list_id,
            person_id=person_id,
            code_hash=code_hash,
            name=name,
            may=may,
            made_by=made_by,
            created_at=now,
            expires_at=expires_at,
        )
    )


async def find_link(connection: Connection, link_id: UUID, now: datetime) -> GuestLink | None:
    """Return the live link with this id."""
    return await _find(connection, guest_links.c.id == link_id, now)


async def find_link_with_code(connection: Connection, code_hash: bytes, now: datetime) -> GuestLink | None:
    """Return the live link with this code; None if it has expired, was ended or never existed."""
    return await _find(connection, guest_links.c.code_hash == code_hash, now)


async def find_link_with_key(connection: Connection, key_hash: bytes, now: datetime) -> GuestLink | None:
    """Return the live link that this key of an assistant belongs to."""
    of_key = select(guest_keys.c.link_id).where(guest_keys.c.key_hash == key_hash).scalar_subquery()
    return await _find(connection, guest_links.c.id == of_key, now)


async def links_of(connection: Connection, household_id: UUID, now: datetime) -> list[GuestLink]:
    """Return the live links of a household, oldest first."""
    query = _LINK.where(guest_links.c.household_id == household_id, guest_links.c.expires_at > now)
    rows = await connection.execute(query.order_by(guest_links.c.created_at, guest_links.c.id))
    return [GuestLink(*row) for row in rows]


async def set_used(connection: Connection, link_id: UUID, now: datetime) -> None:
    """Store that a link was used."""
    first = func.coalesce(guest_links.c.first_used_at, now)
    await connection.execute(
        update(guest_links).where(guest_links.c.id == link_id).values(first_used_at=first, last_used_at=now)
    )


async def delete_link(connection: Connection, household_id: UUID, link_id: UUID) -> bool:
    """End a link, with its keys; False if the household has none with this id."""
    which = (guest_links.c.household_id == household_id, guest_links.c.id == link_id)
    done = await connection.execute(delete(guest_links).where(*which).returning(guest_links.c.id))
    return done.first() is not None


async def delete_links_by(connection: Connection, household_id: UUID, person_id: UUID) -> None:
    """End the links that a person made."""
    which = (guest_links.c.household_id == household_id, guest_links.c.made_by == person_id)
    await connection.execute(delete(guest_links).where(*which))


async def delete_links_to(connection: Connection, household_id: UUID, list_id: UUID) -> bool:
    """End the links to a list; False if there are none."""
    which = (guest_links.c.household_id == household_id, guest_links.c.list_id == list_id)
    done = await connection.execute(delete(guest_links).where(*which).returning(guest_links.c.id))
    return done.first() is not None


async def lock_link(connection: Connection, link_id: UUID) -> bool:
    """Keep others from ending a link or giving it keys, until the transaction ends; False if there is none."""
    found = select(guest_links.c.id).where(guest_links.c.id == link_id).with_for_update()
    return (await connection.execute(found)).first() is not None


async def count_keys(connection: Connection, link_id: UUID) -> int:
    """Return how many keys a link has."""
    counted = select(func.count()).select_from(guest_keys).where(guest_keys.c.link_id == link_id)
    return (await connection.execute(counted)).scalar_one()


async def insert_key(connection: Connection, key_hash: bytes, link_id: UUID, now: datetime) -> None:
    """Insert the hash of a key of a link."""
    await connection.execute(insert(guest_keys).values(key_hash=key_hash, link_id=link_id, created_at=now))


async def _find(connection: Connection, which: ColumnElement[bool], now: datetime) -> GuestLink | None:
    row = (await connection.execute(_LINK.where(which, guest_links.c.expires_at > now))).first()
    return None if row is None else GuestLink(*row)
