"""SQL on invitations: found by the hash of their code, before any household is known."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, insert, select, update

from app.db import Connection, new_id
from app.households.models import Invitation, InvitedRole
from app.households.tables import households, invitations
from app.people.tables import people

_INVITATION: Final = (
    select(
        invitations.c.id,
        invitations.c.household_id,
        households.c.name,
        invitations.c.role,
        people.c.name.label("invited_by"),
        invitations.c.created_at,
        invitations.c.expires_at,
        invitations.c.uses_left,
    )
    .join(households, households.c.id == invitations.c.household_id)
    .join(people, people.c.id == invitations.c.invited_by)
)


def _is_open(now: datetime) -> ColumnElement[bool]:
    return and_(invitations.c.uses_left > 0, invitations.c.expires_at > now)


async def insert_invitation(
    connection: Connection,
    household_id: UUID,
    code_hash: bytes,
    role: InvitedRole,
    invited_by: UUID,
    now: datetime,
    expires_at: datetime,
    uses: int,
) -> UUID:
    """Insert an invitation and return its id."""
    invitation_id = new_id()
    await connection.execute(
        insert(invitations).values(
            id=invitation_id,
            household_id=household_id,
            code_hash=code_hash,
            role=role,
            invited_by=invited_by,
            created_at=now,
            expires_at=expires_at,
            uses_left=uses,
        )
    )
    return invitation_id


async def find_invitation(connection: Connection, code_hash: bytes, now: datetime) -> Invitation | None:
    """Return the open invitation with this code; None if it is used up, has expired, was withdrawn or never existed."""
    row = (await connection.execute(_INVITATION.where(invitations.c.code_hash == code_hash, _is_open(now)))).first()
    return None if row is None else Invitation(*row)


async def open_invitations(connection: Connection, household_id: UUID, now: datetime) -> list[Invitation]:
    """Return the open invitations to a household, newest first."""
    query = _INVITATION.where(invitations.c.household_id == household_id, _is_open(now))
    ordered = query.order_by(invitations.c.created_at.desc(), invitations.c.id.desc())
    return [Invitation(*row) for row in await connection.execute(ordered)]


async def count_open_invitations(connection: Connection, household_id: UUID, now: datetime) -> int:
    """Return how many invitations to a household are open."""
    which = (invitations.c.household_id == household_id, _is_open(now))
    return (await connection.execute(select(func.count()).select_from(invitations).where(*which))).scalar_one()


async def use_invitation(connection: Connection, invitation_id: UUID) -> None:
    """Use an invitation once. Needs the lock of its household."""
    uses_left = invitations.c.uses_left
    await connection.execute(
        update(invitations).where(invitations.c.id == invitation_id).values(uses_left=uses_left - 1)
    )


async def delete_invitation(connection: Connection, household_id: UUID, invitation_id: UUID) -> bool:
    """Withdraw an invitation; False if the household has none with this id."""
    which = (invitations.c.household_id == household_id, invitations.c.id == invitation_id)
    done = await connection.execute(delete(invitations).where(*which).returning(invitations.c.id))
    return done.first() is not None


async def delete_invitations_by(connection: Connection, household_id: UUID, person_id: UUID) -> None:
    """Withdraw what a person invited others with."""
    which = (invitations.c.household_id == household_id, invitations.c.invited_by == person_id)
    await connection.execute(delete(invitations).where(*which))


async def delete_invitations_as(connection: Connection, household_id: UUID, roles: Collection[InvitedRole]) -> None:
    """Withdraw everybody's invitations to be one of `roles`."""
    which = (invitations.c.household_id == household_id, invitations.c.role.in_(roles))
    await connection.execute(delete(invitations).where(*which))
