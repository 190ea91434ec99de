"""Money that one member gave another, in the database."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from app.households.tenant import Tenant
from app.lists.models import Settlement


async def insert_settlements(tenant: Tenant, settlements: Collection[Settlement]) -> None:
    """Store settlements."""
    await tenant.driver.execute(
        """
        INSERT INTO settlements (household_id, id, payer, payee, amount, currency, paid_at)
        SELECT $1, given.* FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::numeric[], $6::text[], $7::timestamptz[])
            AS given
        """,
        tenant.household_id,
        [each.id for each in settlements],
        [each.payer for each in settlements],
        [each.payee for each in settlements],
        [each.amount for each in settlements],
        [each.currency for each in settlements],
        [each.paid_at for each in settlements],
    )


async def delete_settlements(tenant: Tenant, ids: Collection[UUID]) -> None:
    """Delete settlements."""
    await tenant.driver.execute(
        "DELETE FROM settlements WHERE household_id = $1 AND id = ANY($2)", tenant.household_id, list(ids)
    )


async def existing_settlements(tenant: Tenant, ids: Collection[UUID]) -> set[UUID]:
    """Return those of some settlements that are there."""
    rows = await tenant.driver.fetch(
        "SELECT id FROM settlements WHERE household_id = $1 AND id = ANY($2)", tenant.household_id, list(ids)
    )
    return {row["id"] for row in rows}


@dataclass(frozen=True, slots=True)
class Settled:
    """What a person gave others in one currency; below zero, what others gave them."""

    person_id: UUID
    currency: str
    total: Decimal


async def find_settled(tenant: Tenant, since: datetime | None, until: datetime | None) -> list[Settled]:
    """Return what each person gave, less what they were given, in `[since, until)`."""
    rows = await tenant.driver.fetch(
        """
        SELECT side.person_id, settlements.currency, sum(side.amount) AS total
        FROM settlements CROSS JOIN LATERAL (
            VALUES (settlements.payer, settlements.amount), (settlements.payee, -settlements.amount)
        ) AS side (person_id, amount)
        WHERE settlements.household_id = $1
          AND settlements.paid_at >= coalesce($2::timestamptz, '-infinity')
          AND settlements.paid_at < coalesce($3::timestamptz, 'infinity')
        GROUP BY 1, 2 ORDER BY 2, 1
        """,
        tenant.household_id,
        since,
        until,
    )
    return [Settled(*row) for row in rows]
