"""What adding has to know, read in one statement: the clock, the list that is meant, and its items of these names."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from app.households.tenant import Tenant
from app.lists.model import LINES_PER_NAME, Item, ShoppingList
from app.lists.naming import list_key
from app.lists.repository import (
    CLOCK_COLUMNS,
    CLOCK_WIDTH,
    DEFAULT,
    ITEM_COLUMNS,
    LIST_COLUMNS,
    LIST_WIDTH,
    NAMED,
    Clock,
    item_of,
    list_of,
)

MOST_ALIKE: Final = 2 * LINES_PER_NAME


@dataclass(frozen=True, slots=True)
class Ground:
    """Where an add takes place: `on` is None when there is no such list; `alike` are in the list's order."""

    clock: Clock
    on: ShoppingList | None
    alike: list[Item]


def _query(which: str, keys: str) -> str:
    return f"""
        SELECT {CLOCK_COLUMNS}, target.*, alike.*
        FROM clocks
        LEFT JOIN LATERAL (SELECT {LIST_COLUMNS} FROM lists WHERE {which}) AS target ON true
        LEFT JOIN LATERAL unnest({keys}::text[]) AS wanted(name_key) ON true
        LEFT JOIN LATERAL (
            SELECT {ITEM_COLUMNS} FROM items
            WHERE items.household_id = $1 AND items.list_id = target.id AND items.name_key = wanted.name_key
              AND items.deleted_at IS NULL
            ORDER BY items.checked_at DESC NULLS FIRST LIMIT {MOST_ALIKE}
        ) AS alike ON true
        WHERE clocks.household_id = $1
        ORDER BY alike.position, alike.no
    """  # noqa: S608


_ON_NAMED: Final = _query(NAMED, "$4")
_ON_DEFAULT: Final = _query(DEFAULT, "$3")


async def read_ground(tenant: Tenant, list_name: str | None, name_keys: Collection[str]) -> Ground:
    """The clock, the named or else the default list, and its items that have one of the folded names: every open one,
    and the checked ones of late. Needs the write lock."""
    keys = sorted(set(name_keys))
    if list_name is None:
        rows = await tenant.driver.fetch(_ON_DEFAULT, tenant.household_id, tenant.actor.person_id, keys)
    else:
        rows = await tenant.driver.fetch(_ON_NAMED, tenant.household_id, *list_key(list_name), keys)
    if not rows:
        raise LookupError("the household has no clock row")
    of_list, of_item = CLOCK_WIDTH, CLOCK_WIDTH + LIST_WIDTH
    first = rows[0]
    return Ground(
        Clock(*first[:of_list]),
        None if first[of_list] is None else list_of(first[of_list:]),
        [item_of(row[of_item:]) for row in rows if row[of_item] is not None],
    )
