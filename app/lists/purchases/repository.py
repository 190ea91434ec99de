"""Purchases in the database, and where in a store things are found, as learned from them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from app.db.engine import CONTEXT, IN_CONTEXT
from app.households.tenant import ProvenHousehold, Tenant
from app.lists.models import Purchase
from app.lists.repository import Row
from app.quantities import Quantity
from app.text import fold

TRIP: Final = timedelta(hours=3)
"""Things bought in one store within this time belong to one shopping trip."""

_COLUMNS: Final = (
    *("id", "item_id", "name", "name_key", "measure", "amount", "unit"),
    *("price", "currency", "store", "bought_at", "bought_by", "place", "category", "paid_by"),
)
PURCHASE_COLUMNS: Final = ", ".join(_COLUMNS)

_PURCHASE_TYPES: Final = (
    *("uuid[]", "uuid[]", "text[]", "text[]", "text[]", "text[]", "text[]", "numeric[]"),
    *("text[]", "numeric[]", "text[]", "timestamptz[]", "uuid[]", "numeric[]", "text[]", "uuid[]"),
)
"""The types of `_columns_of`."""


def _insert_statement(first: int, event_no: str, source: str = "") -> str:
    """Return the INSERT of purchases whose columns are parameters from `first` on; `source` is what it hangs on."""
    columns = ", ".join(f"${first + number}::{kind}" for number, kind in enumerate(_PURCHASE_TYPES))
    return f"""
        INSERT INTO purchases (household_id, id, item_id, name, name_key, store, store_key, measure, amount, unit,
            price, currency, bought_at, bought_by, place, category, paid_by, event_no)
        SELECT $1::uuid, given.*, {event_no}::integer FROM {source} unnest({columns}) AS given"""  # noqa: S608


def _learned(first: int) -> str:
    kinds = ("text[]", "text[]", "double precision[]", "integer[]")
    columns = ", ".join(f"${first + number}::{kind}" for number, kind in enumerate(kinds))
    return f"unnest({columns}) AS learned(store_key, name_key, total, n)"


def _learn_statement(first: int, source: str = "") -> str:
    return f"""
        INSERT INTO aisles (household_id, store_key, name_key, mean_position, n)
        SELECT $1::uuid, store_key, name_key, total / n, n FROM {source} {_learned(first)}
        ON CONFLICT (household_id, store_key, name_key) DO UPDATE SET
            mean_position = (aisles.mean_position * aisles.n + excluded.mean_position * excluded.n)
                / (aisles.n + excluded.n),
            n = aisles.n + excluded.n"""  # noqa: S608


def _unlearn_statement(first: int, source: str = "") -> str:
    return f"""
        UPDATE aisles SET
            mean_position = CASE WHEN aisles.n > learned.n
                THEN (aisles.mean_position * aisles.n - learned.total) / (aisles.n - learned.n) ELSE 0 END,
            n = greatest(aisles.n - learned.n, 0)
        FROM {source} {_learned(first)}
        WHERE aisles.household_id = $1
          AND aisles.store_key = learned.store_key AND aisles.name_key = learned.name_key"""  # noqa: S608


_INSERT: Final = _insert_statement(3, "$2")
_LEARN: Final = _learn_statement(2)
_UNLEARN: Final = _unlearn_statement(2)


def bought_parts(first: int, event_no: str, saved: str) -> str:
    """Return the parts of a WITH that record a purchase with the values of `bought_values`, which are parameters from
    `first` on. They hang on the part `saved`."""
    learned = first + len(_PURCHASE_TYPES)
    return f"""bought AS ({_insert_statement(first, event_no, f"{saved},")} RETURNING id), learned AS (
        {_learn_statement(learned, "bought,")})"""


def bought_values(purchase: Purchase) -> Sequence[object]:
    """Return the values of the parameters in `bought_parts`."""
    return [*_columns_of([purchase]), *_by_thing([purchase])]


def unbought_parts(first: int, saved: str) -> str:
    """Return the parts of a WITH that take back a purchase with the values of `unbought_values`."""
    return f"""unbought AS (
            DELETE FROM purchases USING {saved}
            WHERE purchases.household_id = $1 AND purchases.id = ${first}::uuid RETURNING purchases.id
        ), unlearned AS ({_unlearn_statement(first + 1, "unbought,")})"""  # noqa: S608


def unbought_values(purchase: Purchase) -> Sequence[object]:
    """Return the values of the parameters in `unbought_parts`."""
    return [purchase.id, *_by_thing([purchase])]


async def insert_purchases(tenant: Tenant, event_no: int, purchases: Collection[Purchase]) -> None:
    """Record purchases, and learn where in the store things are found from those with a place."""
    await tenant.driver.execute(_INSERT, tenant.household_id, event_no, *_columns_of(purchases))
    learned = _by_thing(purchases)
    if learned[0]:
        await tenant.driver.execute(_LEARN, tenant.household_id, *learned)


async def delete_purchases(tenant: Tenant, purchases: Collection[Purchase]) -> None:
    """Delete purchases, and unlearn what they taught."""
    await tenant.driver.execute(
        "DELETE FROM purchases WHERE household_id = $1 AND id = ANY($2)",
        tenant.household_id,
        [purchase.id for purchase in purchases],
    )
    learned = _by_thing(purchases)
    if learned[0]:
        await tenant.driver.execute(_UNLEARN, tenant.household_id, *learned)


def _columns_of(purchases: Iterable[Purchase]) -> Sequence[Sequence[object]]:
    return list(zip(*(_row_of(purchase) for purchase in purchases), strict=True))


async def last_purchases(tenant: Tenant, item_ids: Iterable[UUID]) -> dict[UUID, Purchase]:
    """Return the latest purchase of each item that has one."""
    rows = await tenant.driver.fetch(
        f"""
        SELECT DISTINCT ON (item_id) {PURCHASE_COLUMNS}
        FROM purchases WHERE household_id = $1 AND item_id = ANY($2) ORDER BY item_id, bought_at DESC, id DESC
        """,  # noqa: S608
        tenant.household_id,
        list(item_ids),
    )
    return {row["item_id"]: purchase_of(row) for row in rows}


async def purchases_with(tenant: Tenant, ids: Collection[UUID]) -> dict[UUID, Purchase]:
    """Return the purchases with these ids."""
    rows = await tenant.driver.fetch(
        f"SELECT {PURCHASE_COLUMNS} FROM purchases WHERE household_id = $1 AND id = ANY($2)",  # noqa: S608
        tenant.household_id,
        list(ids),
    )
    return {row["id"]: purchase_of(row) for row in rows}


async def purchases_at(tenant: Tenant, name_keys: Collection[str], times: Collection[datetime]) -> Sequence[Purchase]:
    """Return the purchases of these things at exactly one of these times."""
    rows = await tenant.driver.fetch(
        f"""
        SELECT {PURCHASE_COLUMNS} FROM purchases
        WHERE household_id = $1 AND name_key = ANY($2) AND bought_at = ANY($3)
        """,  # noqa: S608
        tenant.household_id,
        list(name_keys),
        list(times),
    )
    return [purchase_of(row) for row in rows]


async def recorded_by(tenant: Tenant, kind: str, ids: Collection[UUID]) -> set[UUID]:
    """Return those of some purchases that calls of one kind have recorded."""
    rows = await tenant.driver.fetch(
        """
        SELECT purchases.id FROM purchases
        JOIN events ON events.household_id = purchases.household_id AND events.no = purchases.event_no
        WHERE purchases.household_id = $1 AND events.household_id = $1 AND purchases.id = ANY($2) AND events.kind = $3
        """,
        tenant.household_id,
        list(ids),
        kind,
    )
    return {row["id"] for row in rows}


def _trip_statement(context: str, in_context: str) -> str:
    return f"""
        {context}
        SELECT store_key, count(*) AS bought FROM purchases
        WHERE {in_context} AND household_id = $1 AND bought_at > $2 AND store_key = ANY($3) GROUP BY store_key
    """  # noqa: S608


_ON_TRIP: Final = _trip_statement("", "true")
_ON_TRIP_ALONE: Final = _trip_statement(f"WITH {CONTEXT}", IN_CONTEXT)


async def bought_on_this_trip(tenant: Tenant, stores: Collection[str], now: datetime) -> dict[str, int]:
    """Return how many things were bought in each of these stores within `TRIP`, by the store's folded name."""
    rows = await tenant.driver.fetch(_ON_TRIP, tenant.household_id, now - TRIP, [fold(store) for store in stores])
    return {row["store_key"]: row["bought"] for row in rows}


async def bought_on_this_trip_alone(
    household: ProvenHousehold, stores: Collection[str], now: datetime
) -> dict[str, int]:
    """Return what `bought_on_this_trip` does, in one message."""
    rows = await household.fetch(_ON_TRIP_ALONE, now - TRIP, [fold(store) for store in stores])
    return {row["store_key"]: row["bought"] for row in rows}


_LAST_ALONE: Final = f"""
    WITH {CONTEXT}
    SELECT {PURCHASE_COLUMNS} FROM purchases WHERE {IN_CONTEXT} AND household_id = $1 AND item_id = $2
    ORDER BY bought_at DESC, id DESC LIMIT 1
"""  # noqa: S608


async def last_purchase_alone(household: ProvenHousehold, item_id: UUID) -> Purchase | None:
    """Return the latest purchase of an item, in one message."""
    rows = await household.fetch(_LAST_ALONE, item_id)
    return purchase_of(rows[0]) if rows else None


def _by_thing(purchases: Iterable[Purchase]) -> list[list[Any]]:
    """Return four columns: folded store, folded name, the sum of the places, and how many places."""
    places: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for purchase in purchases:
        if purchase.store is not None and purchase.place is not None:
            places[fold(purchase.store), purchase.name_key].append(purchase.place)
    rows = [(store, name, float(sum(found)), len(found)) for (store, name), found in places.items()]
    return [[row[column] for row in rows] for column in range(4)]


def _row_of(purchase: Purchase) -> tuple[object, ...]:
    quantity = purchase.quantity
    return (
        purchase.id,
        purchase.item_id,
        purchase.name,
        purchase.name_key,
        purchase.store,
        None if purchase.store is None else fold(purchase.store),
        "none" if quantity is None else quantity.measure,
        None if quantity is None else quantity.amount,
        None if quantity is None else quantity.unit,
        purchase.price,
        purchase.currency,
        purchase.bought_at,
        purchase.bought_by,
        purchase.place,
        purchase.category,
        purchase.paid_by,
    )


def purchase_of(row: Row) -> Purchase:
    """Return the purchase in a row of PURCHASE_COLUMNS."""
    values = dict(zip(_COLUMNS, row, strict=True))
    measure, amount, unit = values.pop("measure"), values.pop("amount"), values.pop("unit")
    return Purchase(quantity=None if amount is None else Quantity(measure, amount, unit), **values)
