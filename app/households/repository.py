"""SQL on households and memberships."""

import secrets
from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import and_, delete, func, insert, or_, select, union_all, update

from app.db import Connection
from app.households.models import Company, Member, Membership, NamedHousehold, Role
from app.households.tables import clocks, households, memberships
from app.households.time_zones import UTC_NAME
from app.people.repository import GUEST_ISSUER, IMPORTED, SERVICE_ISSUER
from app.people.tables import people

_REF_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


async def memberships_of(connection: Connection, person_id: UUID) -> list[Membership]:
    """Return the households that a person belongs to now, oldest membership first."""
    rows = await connection.execute(
        select(
            households.c.id,
            households.c.name,
            households.c.ref,
            memberships.c.role,
            households.c.currency,
            households.c.locale,
            households.c.time_zone,
        )
        .join(households, households.c.id == memberships.c.household_id)
        .where(memberships.c.person_id == person_id)
        .order_by(memberships.c.joined_at, households.c.id)
    )
    return [Membership(*row) for row in rows]


async def shared_households(connection: Connection, person_id: UUID) -> set[UUID]:
    """Return which households of a person have other members as well."""
    others = memberships.alias()
    rows = await connection.execute(
        select(memberships.c.household_id)
        .join(others, others.c.household_id == memberships.c.household_id)
        .where(memberships.c.person_id == person_id, others.c.person_id != person_id)
        .distinct()
    )
    return set(rows.scalars())


async def company_of(connection: Connection, person_id: UUID) -> dict[UUID, Company]:
    """Return with whom a person shares each of their households, without service accounts."""
    mine = select(memberships.c.household_id).where(memberships.c.person_id == person_id)
    is_other = and_(memberships.c.person_id != person_id, people.c.issuer != SERVICE_ISSUER)
    rows = await connection.execute(
        select(
            memberships.c.household_id,
            func.count().filter(is_other),
            func.count().filter(and_(is_other, memberships.c.role == "owner")),
        )
        .join(people, people.c.id == memberships.c.person_id)
        .where(memberships.c.household_id.in_(mine))
        .group_by(memberships.c.household_id)
    )
    return {row[0]: Company(others=row[1], owners=row[2]) for row in rows}


async def household_ids(connection: Connection) -> list[UUID]:
    """Return the ids of all households."""
    return list((await connection.execute(select(households.c.id).order_by(households.c.id))).scalars())


async def find_household_with_ref(connection: Connection, ref: str) -> NamedHousehold | None:
    """Return the household with this ref."""
    called = select(households.c.id, households.c.name, households.c.ref)
    row = (await connection.execute(called.where(households.c.ref == ref))).first()
    return None if row is None else NamedHousehold(*row)


async def households_after(connection: Connection, after: UUID | None, limit: int) -> list[NamedHousehold]:
    """Return the next households by id; the first ones for None."""
    query = select(households.c.id, households.c.name, households.c.ref).order_by(households.c.id).limit(limit)
    if after is not None:
        query = query.where(households.c.id > after)
    return [NamedHousehold(*row) for row in await connection.execute(query)]


async def time_zone_of(connection: Connection, household_id: UUID) -> str:
    """Return a household's time zone; UTC if the household no longer exists."""
    found = await connection.execute(select(households.c.time_zone).where(households.c.id == household_id))
    return found.scalar_one_or_none() or UTC_NAME


async def members_of(connection: Connection, household_id: UUID, me: UUID | None = None) -> list[Member]:
    """Return the people of a household in the order in which they joined; `me` is the caller, if it matters who."""
    rows = await connection.execute(
        select(people.c.id, people.c.name, memberships.c.role)
        .join(memberships, memberships.c.person_id == people.c.id)
        .where(memberships.c.household_id == household_id)
        .order_by(memberships.c.joined_at, people.c.id)
    )
    return [Member(*row, is_me=row[0] == me) for row in rows]


_IS_NAME_ONLY = or_(
    people.c.issuer == GUEST_ISSUER, and_(people.c.issuer == SERVICE_ISSUER, people.c.subject.startswith(IMPORTED))
)
"""Guests, and those whose names came with a household that was brought back."""


async def names_of(connection: Connection, household_id: UUID, guests: Collection[UUID]) -> dict[UUID, str]:
    """Return the names of the members of a household, and of the guests among these people: their links may have
    ended, and what they bought is still theirs."""
    members = (
        select(people.c.id, people.c.name)
        .join(memberships, memberships.c.person_id == people.c.id)
        .where(memberships.c.household_id == household_id)
    )
    named = select(people.c.id, people.c.name).where(people.c.id.in_(guests), _IS_NAME_ONLY)
    return {row[0]: row[1] for row in await connection.execute(union_all(members, named))}


async def insert_household(connection: Connection, household_id: UUID, name: str, time_zone: str = UTC_NAME) -> None:
    """Insert a household and its clock; the transaction must have been opened for `household_id`."""
    ref = "h" + "".join(secrets.choice(_REF_ALPHABET) for _ in range(9))
    await connection.execute(insert(households).values(id=household_id, ref=ref, name=name, time_zone=time_zone))
    await connection.execute(insert(clocks).values(household_id=household_id))


async def insert_membership(connection: Connection, household_id: UUID, person_id: UUID, role: Role) -> None:
    """Make a person a member."""
    await connection.execute(insert(memberships).values(household_id=household_id, person_id=person_id, role=role))


async def delete_membership(connection: Connection, household_id: UUID, person_id: UUID) -> bool:
    """End a membership; False if there is none."""
    done = await connection.execute(
        delete(memberships)
        .where(memberships.c.household_id == household_id, memberships.c.person_id == person_id)
        .returning(memberships.c.person_id)
    )
    return done.first() is not None


async def lock_household(connection: Connection, household_id: UUID) -> bool:
    """Keep others from changing who belongs to a household, until the transaction ends; False if there is none."""
    # NO KEY: rows that refer to the household may be inserted meanwhile.
    found = select(households.c.id).where(households.c.id == household_id).with_for_update(key_share=True)
    return (await connection.execute(found)).first() is not None


async def update_role(connection: Connection, household_id: UUID, person_id: UUID, role: Role) -> None:
    """Give a member another role."""
    whose = (memberships.c.household_id == household_id, memberships.c.person_id == person_id)
    await connection.execute(update(memberships).where(*whose).values(role=role))


async def count_memberships(connection: Connection, person_id: UUID) -> int:
    """Return how many households a person belongs to."""
    counted = select(func.count()).select_from(memberships).where(memberships.c.person_id == person_id)
    return (await connection.execute(counted)).scalar_one()


async def update_household(connection: Connection, household_id: UUID, values: Mapping[str, str]) -> None:
    """Overwrite columns of a household."""
    await connection.execute(update(households).where(households.c.id == household_id).values(**values))
