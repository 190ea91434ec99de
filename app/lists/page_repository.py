"""The page that people look at most: what is to be bought on one list, in its order. One statement that walks an index.

Every other view, order and filter is read by browse_repository.py.
"""

from typing import Final

from app.households.tenant import Tenant
from app.lists.model import ShoppingList
from app.lists.page import PAGE_COLUMNS, PageRow
from app.lists.repository import TODAY

_OPEN_PAGE: Final = f"""
    SELECT {", ".join(PAGE_COLUMNS)}, true, NULL
    FROM items
    JOIN lists ON lists.household_id = items.household_id AND lists.id = items.list_id
    LEFT JOIN people ON people.id = items.assignee_id
    WHERE items.household_id = $1 AND items.list_id = $2 AND items.checked_at IS NULL AND items.deleted_at IS NULL
      AND (items.not_before <= {TODAY}) IS NOT FALSE AND (items.position, items.no) > ($3, $4)
    ORDER BY items.position, items.no LIMIT $5
"""  # noqa: S608


async def read_open_page(tenant: Tenant, on: ShoppingList, after: tuple[int, int] | None, limit: int) -> list[PageRow]:
    """At most `limit` open items of a list that wait for nothing, behind the position and number `after`."""
    position, no = after or (-(2**63), 0)
    rows = await tenant.driver.fetch(_OPEN_PAGE, tenant.household_id, on.id, position, no, limit)
    return [PageRow(*row) for row in rows]
