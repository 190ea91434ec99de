"""The page that people look at most: what is to be bought on one list, in its order. One statement, along an index.

Every other view, order and filter is read by browse_repository.py.
"""

from typing import Final

from app.households.tenant import Tenant
from app.lists.model import ShoppingList
from app.lists.naming import list_key
from app.lists.page import PAGE_COLUMNS, PageRow
from app.lists.repository import DEFAULT, LIST_COLUMNS, LIST_WIDTH, NAMED, TODAY, list_of

_TOP: Final = (-(2**63), 0)

_ASSIGNEE: Final = """
    CASE WHEN items.assignee_id IS NOT NULL
        THEN (SELECT people.name FROM people WHERE people.id = items.assignee_id) END"""
"""In place of a join: few items are anybody's."""

_COLUMNS: Final = ", ".join(_ASSIGNEE if column == "people.name" else column for column in PAGE_COLUMNS)


def _query(which: str, position: str, no: str, limit: str) -> str:
    return f"""
        SELECT {LIST_COLUMNS}, ARRAY(
            SELECT ROW({_COLUMNS}, true, NULL)
            FROM items
            WHERE items.household_id = $1 AND items.list_id = lists.id
              AND items.checked_at IS NULL AND items.deleted_at IS NULL
              AND (items.not_before <= {TODAY}) IS NOT FALSE AND (items.position, items.no) > ({position}, {no})
            ORDER BY items.position, items.no LIMIT {limit}
        )
        FROM lists WHERE {which}
    """  # noqa: S608


_ON_NAMED: Final = _query(NAMED, "$4::bigint", "$5::integer", "$6::integer")
_ON_DEFAULT: Final = _query(DEFAULT, "$3::bigint", "$4::integer", "$5::integer")


async def read_open_page(
    tenant: Tenant, list_name: str | None, after: tuple[int, int] | None, limit: int
) -> tuple[ShoppingList, list[PageRow]] | None:
    """The named or else the default list with at most `limit` of its open items that wait for nothing, behind the
    position and number `after`; None when there is no such list."""
    place = after or _TOP
    if list_name is None:
        row = await tenant.driver.fetchrow(_ON_DEFAULT, tenant.household_id, tenant.actor.person_id, *place, limit)
    else:
        row = await tenant.driver.fetchrow(_ON_NAMED, tenant.household_id, *list_key(list_name), *place, limit)
    if row is None:
        return None
    return list_of(row), [PageRow(*item) for item in row[LIST_WIDTH]]
