"""Households and memberships in the database."""

import secrets
from uuid import UUID

from sqlalchemy import delete, insert, or_, select

from app.db import Connection
from app.households.membership import Member, Membership, Role
from app.households.tables import clocks, households, memberships
from app.people.tables import people

MOST_NAMESAKES = 20
_REF_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


async def memberships_of(connection: Connection, person_id: UUID) -> list[Membership]:
    """The households a person belongs to today, oldest membership first."""
    rows = await connection.execute(
        select(
            households.c.id,
            households.c.name,
            households.c.ref,
            memberships.c.role,
            households.c.currency,
            households.c.locale,
        )
        .join(households, households.c.id == memberships.c.household_id)
        .where(memberships.c.person_id == person_id)
        .order_by(memberships.c.joined_at, households.c.id)
    )
    return [Membership(*row) for row in rows]


async def household_ids(connection: Connection) -> list[UUID]:
    """Every household there is."""
    return list((await connection.execute(select(households.c.id).order_by(households.c.id))).scalars())


async def households_named(connection: Connection, name: str) -> list[tuple[UUID, str, str]]:
    """Id, name and ref of every household of that name or ref, at most MOST_NAMESAKES; for whoever runs the service."""
    rows = await connection.execute(
        select(households.c.id, households.c.name, households.c.ref)
        .where(or_(households.c.ref == name, households.c.name == name))
        .order_by(households.c.created_at, households.c.id)
        .limit(MOST_NAMESAKES)
    )
    return [(row.id, row.name, row.ref) for row in rows]


async def members_of(connection: Connection, household_id: UUID) -> list[Member]:
    """The people of a household, in the order in which they joined."""
    rows = await connection.execute(
        select(people.c.id, people.c.name, memberships.c.role)
        .join(memberships, memberships.c.person_id == people.c.id)
        .where(memberships.c.household_id == household_id)
        .order_by(memberships.c.joined_at, people.c.id)
    )
    return [Member(*row) for row in rows]


async def insert_household(connection: Connection, household_id: UUID, name: str) -> None:
    """A new household and its clock; the transaction must have been opened for `household_id`."""
    ref = "h" + "".join(secrets.choice(_REF_ALPHABET) for _ in range(9))
    await connection.execute(insert(households).values(id=household_id, ref=ref, name=name))
    await connection.execute(insert(clocks).values(household_id=household_id))


async def insert_membership(connection: Connection, household_id: UUID, person_id: UUID, role: Role) -> None:
    """Make a person a member."""
    await connection.execute(insert(memberships).values(household_id=household_id, person_id=person_id, role=role))


async def delete_membership(connection: Connection, household_id: UUID, person_id: UUID) -> None:
    """End a membership; nothing happens when there is none."""
    await connection.execute(
        delete(memberships).where(memberships.c.household_id == household_id, memberships.c.person_id == person_id)
    )
