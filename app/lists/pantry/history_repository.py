"""When and how much of each thing was bought, in the database: a row for a thing, with its latest days."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import asyncpg

from app.households.tenant import Tenant
from app.lists.pantry.histories import (
    DAYS_OF_A_THING,
    NAMES_LOOKED_AT,
    NAMES_READ,
    PURCHASES_READ,
    History,
    PurchaseDay,
    first_day,
)
from app.quantities import Quantity
from app.runtime.batches import map_in_batches


def _statement(which: str) -> str:
    # A thing that was bought twice on a day counts once, with both amounts.
    return f"""
        WITH recent AS MATERIALIZED (
            SELECT purchases.name_key, purchases.name, purchases.store, purchases.measure, purchases.amount,
                purchases.unit, purchases.bought_at, (purchases.bought_at AT TIME ZONE $2)::date AS day
            FROM purchases WHERE purchases.household_id = $1
              AND purchases.bought_at > $3 AND purchases.bought_at <= $4 {which}
            ORDER BY purchases.bought_at DESC LIMIT {PURCHASES_READ}
        ), days AS (
            SELECT name_key, day, max(bought_at) AS last_at,
                (array_agg(name ORDER BY bought_at DESC))[1] AS name,
                (array_agg(store ORDER BY bought_at DESC))[1] AS store,
                (array_agg(unit ORDER BY bought_at DESC))[1] AS unit,
                min(measure) AS measure, CASE WHEN min(measure) = max(measure) THEN sum(amount) END AS amount
            FROM recent GROUP BY name_key, day
        ), numbered AS (
            SELECT days.*, row_number() OVER newest AS place, count(*) OVER (PARTITION BY name_key) AS times FROM days
            WINDOW newest AS (PARTITION BY name_key ORDER BY day DESC)
        )
        SELECT name_key, times, max(last_at) AS last_at, (array_agg(name ORDER BY place))[1] AS name,
            (array_agg(store ORDER BY store IS NULL, place))[1] AS store, array_agg(day ORDER BY place) AS days,
            array_agg(measure ORDER BY place) AS measures, array_agg(amount ORDER BY place) AS amounts,
            array_agg(unit ORDER BY place) AS units
        FROM numbered WHERE place <= {DAYS_OF_A_THING}
        GROUP BY name_key, times ORDER BY max(last_at) DESC, name_key LIMIT {NAMES_READ}
    """  # noqa: S608


_ALL: Final = _statement("")
_NAMED: Final = _statement("AND purchases.name_key = ANY($5)")
# IS TRUE keeps it a set that is looked into; without statistics PostgreSQL would join item by item.
_FROM_LIST: Final = _statement("""AND (purchases.item_id IN (
    SELECT items.id FROM items WHERE items.household_id = $1 AND items.list_id = $5)) IS TRUE""")


async def read_histories(tenant: Tenant, now: datetime, list_id: UUID | None = None) -> list[History]:
    """Return the histories of all things of the household, or of those bought from one list, the last bought first."""
    if list_id is None:
        return await _histories(await tenant.driver.fetch(_ALL, *_values(tenant, now)))
    return await _histories(await tenant.driver.fetch(_FROM_LIST, *_values(tenant, now), list_id))


async def read_named_histories(tenant: Tenant, now: datetime, name_keys: Collection[str]) -> list[History]:
    """Return the histories of the things with these folded names."""
    return await _histories(await tenant.driver.fetch(_NAMED, *_values(tenant, now), sorted(set(name_keys))))


_NAMES: Final = f"""
    WITH RECURSIVE things AS (
        (SELECT name_key, name, bought_at, 1 AS place FROM purchases WHERE household_id = $1
         ORDER BY name_key DESC, bought_at DESC LIMIT 1)
        UNION ALL
        SELECT next.name_key, next.name, next.bought_at, things.place + 1 FROM things CROSS JOIN LATERAL (
            SELECT name_key, name, bought_at FROM purchases
            WHERE household_id = $1 AND purchases.name_key < things.name_key
            ORDER BY name_key DESC, bought_at DESC LIMIT 1
        ) AS next
        WHERE things.place < {NAMES_LOOKED_AT}
    )
    SELECT name_key, name FROM things WHERE bought_at > $2 ORDER BY bought_at DESC LIMIT {NAMES_READ}
"""  # noqa: S608
# From each name to the next one in the index, with one row of each: there may be a hundred thousand purchases.


async def read_names(tenant: Tenant, now: datetime) -> dict[str, str]:
    """Return the latest names of the things that were bought, by their folded names."""
    rows = await tenant.driver.fetch(_NAMES, tenant.household_id, first_day(now))
    return {row["name_key"]: row["name"] for row in rows}


def _values(tenant: Tenant, now: datetime) -> tuple[object, ...]:
    return (tenant.household_id, tenant.membership.zone.key, first_day(now), now)


async def _histories(rows: Sequence[asyncpg.Record]) -> list[History]:
    return await map_in_batches(_history_of, rows)


def _history_of(row: asyncpg.Record) -> History:
    columns = zip(row["days"], row["measures"], row["amounts"], row["units"], strict=True)
    return History(
        row["name_key"],
        row["name"],
        row["store"],
        row["times"],
        row["last_at"],
        [PurchaseDay(day, _quantity(measure, amount, unit)) for day, measure, amount, unit in columns],
    )


def _quantity(measure: str, amount: Decimal | None, unit: str | None) -> Quantity | None:
    return None if amount is None else Quantity(measure, amount, unit)
