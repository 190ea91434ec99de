"""What people said about their pantry, in the database."""

from collections.abc import Collection, Sequence
from typing import Final

from app.households.tenant import Tenant
from app.lists.pantry.corrections import MOST_CORRECTIONS, Correction, CorrectionChange
from app.lists.repository import Row
from app.quantities import Quantity

_COLUMNS: Final = "name_key, name, have, said_at, measure, amount, unit, expires"


async def find_corrections(tenant: Tenant, name_keys: Collection[str] | None = None) -> dict[str, Correction]:
    """Return what was said last of these names, or of all."""
    rows = await tenant.driver.fetch(
        f"""
        SELECT {_COLUMNS} FROM pantry
        WHERE household_id = $1 AND ($2::text[] IS NULL OR name_key = ANY($2))
        """,  # noqa: S608
        tenant.household_id,
        None if name_keys is None else sorted(set(name_keys)),
    )
    return {row["name_key"]: _correction_of(row) for row in rows}


async def save_corrections(tenant: Tenant, rev: int, changes: Sequence[CorrectionChange]) -> None:
    """Store corrections with the revision of this call, and delete those that were taken back. Where there are too
    many, the oldest are forgotten. Needs the write lock."""
    gone = [change.name_key for change in changes if change.after is None]
    if gone:
        await tenant.driver.execute(
            "DELETE FROM pantry WHERE household_id = $1 AND name_key = ANY($2)", tenant.household_id, gone
        )
    said = [change.after for change in changes if change.after is not None]
    if not said:
        return
    quantities = [each.quantity for each in said]
    await tenant.driver.execute(
        """
        INSERT INTO pantry (household_id, rev, name_key, name, have, said_at, measure, amount, unit, expires)
        SELECT $1, $2, given.* FROM unnest(
            $3::text[], $4::text[], $5::boolean[], $6::timestamptz[], $7::text[], $8::numeric[], $9::text[], $10::date[]
        ) AS given
        ON CONFLICT (household_id, name_key) DO UPDATE SET
            rev = excluded.rev, name = excluded.name, have = excluded.have, said_at = excluded.said_at,
            measure = excluded.measure, amount = excluded.amount, unit = excluded.unit, expires = excluded.expires
        """,
        tenant.household_id,
        rev,
        [each.name_key for each in said],
        [each.name for each in said],
        [each.have for each in said],
        [each.said_at for each in said],
        ["none" if quantity is None else quantity.measure for quantity in quantities],
        [None if quantity is None else quantity.amount for quantity in quantities],
        [None if quantity is None else quantity.unit for quantity in quantities],
        [each.expires for each in said],
    )
    await _forget_oldest(tenant)


async def _forget_oldest(tenant: Tenant) -> None:
    await tenant.driver.execute(
        """
        DELETE FROM pantry WHERE household_id = $1 AND name_key IN (
            SELECT name_key FROM pantry WHERE household_id = $1 ORDER BY said_at DESC, name_key OFFSET $2)
        """,
        tenant.household_id,
        MOST_CORRECTIONS,
    )


def _correction_of(row: Row) -> Correction:
    name_key, name, have, said_at, measure, amount, unit, expires = row
    quantity = None if amount is None else Quantity(measure, amount, unit)
    return Correction(name_key, name, have, said_at, quantity, expires)
