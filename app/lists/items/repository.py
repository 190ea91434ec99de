"""Items in the database: finding them. `save_repository.py` stores them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from app.db.engine import CONTEXT, IN_CONTEXT
from app.errors import LimitReached
from app.households.tenant import ProvenHousehold, Tenant
from app.lists.items.fields import FIELDS, Item
from app.lists.items.ordering import Spot
from app.lists.models import ITEMS_PER_LIST, LINES_LOOKED_AT, LINES_PER_CALL, ShoppingList
from app.lists.repository import (
    CLOCK_COLUMNS,
    CLOCK_WIDTH,
    DEFAULT,
    LIST_COLUMNS,
    LIST_WIDTH,
    NAMED,
    Clock,
    Row,
    list_of,
)
from app.lists.resolve_list import list_key
from app.quantities import Quantity
from app.runtime.batches import map_in_batches

COLUMNS: Final = {column: kind for each in FIELDS for column, kind in each.columns.items()}
"""The columns of an `Item` and their SQL types."""

ITEM_COLUMNS: Final = ", ".join(f"items.{column}" for column in COLUMNS)


def item_of(row: Row) -> Item:
    """Return an item from a row that begins with the columns of `ITEM_COLUMNS`."""
    values: dict[str, Any] = dict(zip(COLUMNS, row, strict=False))
    measure, amount, unit = values.pop("measure"), values.pop("amount"), values.pop("unit")
    return Item(**values, quantity=None if amount is None else Quantity(measure, amount, unit))


async def find_items(
    tenant: Tenant, numbers: Collection[int], list_id: UUID | None, name_keys: Collection[str]
) -> list[Item]:
    """Return the items with these numbers, on any list, and those of one list that have one of the folded names: of
    each name all open ones, and those checked last.

    Removed items, and items on a deleted list, are left out. Raises `LimitReached` when they are too many.
    """
    rows = await tenant.driver.fetch(
        f"""
        SELECT * FROM (
            SELECT {ITEM_COLUMNS} FROM items WHERE household_id = $1 AND deleted_at IS NULL AND no = ANY($2)
            UNION
            SELECT alike.* FROM unnest($4::text[]) AS searched(name_key), LATERAL (
                SELECT {ITEM_COLUMNS} FROM items
                WHERE household_id = $1 AND list_id = $3 AND items.name_key = searched.name_key AND deleted_at IS NULL
                ORDER BY items.checked_at DESC NULLS FIRST LIMIT {LINES_LOOKED_AT}
            ) AS alike
        ) AS found
        WHERE list_id IN (SELECT id FROM lists WHERE household_id = $1 AND deleted_at IS NULL)
        ORDER BY position, no LIMIT {LINES_PER_CALL + 1}
        """,  # noqa: S608
        tenant.household_id,
        list(numbers),
        list_id,
        sorted(set(name_keys)),
    )
    refuse_too_many_lines(rows)
    return await map_in_batches(item_of, rows)


def refuse_too_many_lines(rows: Sequence[Row], most: int = LINES_PER_CALL) -> None:
    """Raise `LimitReached` when a call about items by name found more lines than it may look at."""
    if len(rows) > most:
        message = f"The list has more than {most:,} lines of these names. Name fewer in one call."
        raise LimitReached(message, field="items")


@dataclass(frozen=True, slots=True)
class ItemSituation:
    """What a change of an item finds: the clock that this change has if no other comes first, the list, the items that
    the call may mean, and the open lines on the list that share a name with one of them."""

    clock: Clock
    on: ShoppingList
    found: list[Item]
    namesakes: list[Item]


def _find_statement(which: str, first: int) -> str:
    number, keys = f"${first}::integer", f"${first + 1}::text[]"
    return f"""
        WITH {CONTEXT}, clock AS (
            SELECT {CLOCK_COLUMNS} FROM clocks WHERE {IN_CONTEXT} AND household_id = $1
        ), target AS (
            SELECT {LIST_COLUMNS} FROM lists WHERE {IN_CONTEXT} AND {which}
        ), found AS (
            SELECT {ITEM_COLUMNS} FROM target, items
            WHERE {IN_CONTEXT} AND items.household_id = $1 AND items.no = {number} AND items.list_id = target.id
              AND items.deleted_at IS NULL
            UNION
            SELECT alike.* FROM target, unnest({keys}) AS searched(name_key), LATERAL (
                SELECT {ITEM_COLUMNS} FROM items
                WHERE {IN_CONTEXT} AND items.household_id = $1 AND items.list_id = target.id
                  AND items.name_key = searched.name_key AND items.deleted_at IS NULL
                ORDER BY items.checked_at DESC NULLS FIRST LIMIT {LINES_LOOKED_AT}
            ) AS alike
        ), namesakes AS (
            SELECT {ITEM_COLUMNS} FROM target, items
            WHERE {IN_CONTEXT} AND items.household_id = $1 AND items.list_id = target.id
              AND items.name_key IN (SELECT found.name_key FROM found)
              AND items.checked_at IS NULL AND items.deleted_at IS NULL
        )
        SELECT clock.*, target.*, item.* FROM clock, target, (
            SELECT true AS is_found, found.* FROM found UNION ALL SELECT false, namesakes.* FROM namesakes
        ) AS item
        ORDER BY item.position, item.no
    """  # noqa: S608


_FIND_ON_NAMED: Final = _find_statement(NAMED, 4)
_FIND_ON_DEFAULT: Final = _find_statement(DEFAULT, 3)


async def find_items_alone(
    household: ProvenHousehold, list_name: str | None, number: int | None, name_keys: Collection[str]
) -> ItemSituation | None:
    """Return the items on the named or else the default list that have this number or one of the folded names, in one
    message. None when there are none."""
    if list_name is None:
        statement, which = _FIND_ON_DEFAULT, (household.actor.person_id,)
    else:
        statement, which = _FIND_ON_NAMED, list_key(list_name)
    rows = await household.fetch(statement, *which, number, sorted(set(name_keys)))
    if not rows:
        return None
    of_item = CLOCK_WIDTH + LIST_WIDTH
    clock = Clock(*rows[0][:CLOCK_WIDTH])
    items = await map_in_batches(lambda row: item_of(row[of_item + 1 :]), rows)
    are_found = [row[of_item] for row in rows]
    return ItemSituation(
        replace(clock, rev=clock.rev + 1),
        list_of(rows[0][CLOCK_WIDTH:]),
        [item for item, is_found in zip(items, are_found, strict=True) if is_found],
        [item for item, is_found in zip(items, are_found, strict=True) if not is_found],
    )


async def items_numbered(tenant: Tenant, numbers: Collection[int]) -> dict[int, Item]:
    """Return the items with these numbers, removed ones included."""
    rows = await tenant.driver.fetch(
        f"SELECT {ITEM_COLUMNS} FROM items WHERE household_id = $1 AND no = ANY($2)",  # noqa: S608
        tenant.household_id,
        list(numbers),
    )
    return {item.no: item for item in await map_in_batches(item_of, rows)}


LINES_EVER: Final = 500


async def numbers_ever_named(tenant: Tenant, name_keys: Collection[str]) -> list[int]:
    """Return the numbers of the items with one of the folded names, on any list, removed or not: the latest ones."""
    rows = await tenant.driver.fetch(
        "SELECT no FROM items WHERE household_id = $1 AND name_key = ANY($2) ORDER BY no DESC LIMIT $3",
        tenant.household_id,
        list(name_keys),
        LINES_EVER,
    )
    return [row["no"] for row in rows]


async def names_ever(tenant: Tenant, most: int) -> dict[str, str]:
    """Return the names that items had, by their folded form, the latest first."""
    rows = await tenant.driver.fetch(
        """
        SELECT name_key, (array_agg(name ORDER BY no DESC))[1] AS name FROM items WHERE household_id = $1
        GROUP BY name_key ORDER BY max(no) DESC LIMIT $2
        """,
        tenant.household_id,
        most,
    )
    return {row["name_key"]: row["name"] for row in rows}


async def order_of(tenant: Tenant, list_id: UUID) -> list[Spot]:
    """Return where each item of a list stands, in its order."""
    rows = await tenant.driver.fetch(
        """
        SELECT no, position FROM items WHERE household_id = $1 AND list_id = $2 AND deleted_at IS NULL
        ORDER BY position, no
        """,
        tenant.household_id,
        list_id,
    )
    return [Spot(row["no"], row["position"]) for row in rows]


async def items_on(tenant: Tenant, list_id: UUID, most: int) -> list[Item]:
    """Return items of a list, open ones first."""
    rows = await tenant.driver.fetch(
        f"""
        SELECT {ITEM_COLUMNS} FROM items WHERE household_id = $1 AND list_id = $2 AND deleted_at IS NULL
        ORDER BY checked_at IS NOT NULL, position, no LIMIT $3
        """,  # noqa: S608
        tenant.household_id,
        list_id,
        most,
    )
    return await map_in_batches(item_of, rows)


class NameOnList(NamedTuple):
    """A name of open, or of checked, items on a list."""

    name: str
    name_key: str
    is_open: bool


async def names_on(tenant: Tenant, list_id: UUID) -> list[NameOnList]:
    """Return the names of the items of a list, in its order."""
    rows = await tenant.driver.fetch(
        """
        SELECT name, name_key, checked_at IS NULL FROM items
        WHERE household_id = $1 AND list_id = $2 AND deleted_at IS NULL
        GROUP BY name, name_key, checked_at IS NULL ORDER BY min(position), min(no) LIMIT $3
        """,
        tenant.household_id,
        list_id,
        ITEMS_PER_LIST,
    )
    return [NameOnList(*row) for row in rows]


async def items_elsewhere(tenant: Tenant, list_id: UUID, name_keys: Collection[str], most: int) -> list[Item]:
    """Return items of other lists in use that have one of the folded names, open ones first."""
    rows = await tenant.driver.fetch(
        f"""
        SELECT {ITEM_COLUMNS} FROM items
        WHERE household_id = $1 AND list_id <> $2 AND name_key = ANY($3) AND deleted_at IS NULL
          AND list_id IN (SELECT id FROM lists WHERE household_id = $1 AND deleted_at IS NULL AND archived_at IS NULL)
        ORDER BY checked_at IS NOT NULL, no LIMIT $4
        """,  # noqa: S608
        tenant.household_id,
        list_id,
        list(name_keys),
        most,
    )
    return await map_in_batches(item_of, rows)


async def names_elsewhere(tenant: Tenant, list_id: UUID, name_keys: Collection[str]) -> set[str]:
    """Return which of the folded names items of other lists in use have."""
    rows = await tenant.driver.fetch(
        """
        SELECT DISTINCT name_key FROM items
        WHERE household_id = $1 AND list_id <> $2 AND name_key = ANY($3) AND deleted_at IS NULL
          AND list_id IN (SELECT id FROM lists WHERE household_id = $1 AND deleted_at IS NULL AND archived_at IS NULL)
        """,
        tenant.household_id,
        list_id,
        list(name_keys),
    )
    return {row["name_key"] for row in rows}


async def open_namesakes(tenant: Tenant, items: Iterable[Item]) -> list[Item]:
    """Return every open line that shares list and name with one of the items."""
    keys = list({(item.list_id, item.name_key) for item in items})
    rows = await tenant.driver.fetch(
        f"""
        SELECT {ITEM_COLUMNS} FROM items
        WHERE household_id = $1 AND checked_at IS NULL AND deleted_at IS NULL
          AND (list_id, name_key) IN (SELECT * FROM unnest($2::uuid[], $3::text[]))
        """,  # noqa: S608
        tenant.household_id,
        [list_id for list_id, _ in keys],
        [name_key for _, name_key in keys],
    )
    return await map_in_batches(item_of, rows)


async def items_to_repeat(tenant: Tenant, now: datetime, most: int = ITEMS_PER_LIST) -> list[Item]:
    """Return the items on lists in use that were bought as many days ago as they repeat after.

    Days are those of the time zone of `now`, as far from UTC as it is now: where summer time began or ended meanwhile,
    an hour counts as the next or the last day. Where someone undid the return of an item, the days count from that day:
    otherwise it would be back at once.
    """
    rows = await tenant.driver.fetch(
        f"""
        SELECT {ITEM_COLUMNS} FROM items
        WHERE household_id = $1 AND repeat_days IS NOT NULL AND checked_at IS NOT NULL AND deleted_at IS NULL
          AND (checked_at AT TIME ZONE 'UTC' + $4::interval)::date + repeat_days <= $2
          AND NOT EXISTS (
              SELECT FROM events e
              WHERE e.household_id = $1 AND e.kind = 'repeat_items' AND e.undone_by IS NOT NULL
                AND (e.at AT TIME ZONE 'UTC' + $4::interval)::date + repeat_days > $2
                AND e.changes @> jsonb_build_array(jsonb_build_object('item', items.no)))
          AND list_id IN (
              SELECT id FROM lists WHERE household_id = $1 AND deleted_at IS NULL AND archived_at IS NULL)
        ORDER BY list_id, position, no LIMIT $3
        """,  # noqa: S608
        tenant.household_id,
        now.date(),
        most,
        now.utcoffset(),
    )
    return await map_in_batches(item_of, rows)


async def items_to_wake(tenant: Tenant, today: date, most: int = ITEMS_PER_LIST) -> list[Item]:
    """Return the open items that waited for a day until `today`."""
    rows = await tenant.driver.fetch(
        f"""
        SELECT {ITEM_COLUMNS} FROM items
        WHERE household_id = $1 AND not_before <= $2 AND checked_at IS NULL AND deleted_at IS NULL
          AND list_id IN (SELECT id FROM lists WHERE household_id = $1 AND deleted_at IS NULL)
        ORDER BY list_id, position, no LIMIT $3
        """,  # noqa: S608
        tenant.household_id,
        today,
        most,
    )
    return await map_in_batches(item_of, rows)
