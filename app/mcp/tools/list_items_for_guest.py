"""The tool `list_items` as guests have it: their one list, without what is known of it elsewhere in the household."""

from typing import Final, cast

from pydantic import Field

from app.households.tenant import Tenant
from app.lists import queries
from app.lists.models import View
from app.lists.shared_list import read_shared_list
from app.mcp.spec import Hints, ToolArguments, ToolSpec
from app.mcp.tools import list_items as of_members
from app.mcp.tools.items import ItemView
from app.scopes import LISTS_READ


class Arguments(ToolArguments):
    """Which items. There is one list, and none of the filters that name people, or stores of other lists."""

    view: View = Field(default="open", description="open: to buy now; waiting: later; checked: bought")
    query: str | None = Field(default=None, description="Words in name or note", max_length=200)
    since_rev: int | None = Field(
        default=None, description="Only what changed after this rev; `removed` names what left", ge=0, le=2**63 - 1
    )
    limit: int = Field(default=100, description="Items per page", ge=1, le=200)
    cursor: str | None = Field(default=None, description="next_cursor of the page before", max_length=2000)


SHOWN: Final = frozenset({"ref", "name", "quantity", "unit", "category", "note", "store", "priority", "checked"})
"""The fields of an item that a guest sees: what one needs in the shop, and nobody's name."""


async def list_items(tenant: Tenant, arguments: Arguments) -> of_members.Result:
    """Shows the items of the shopping list that was shared with you, in its order: what to buy, or what was bought."""
    request = queries.Request(
        view=arguments.view,
        query=arguments.query,
        since_rev=arguments.since_rev,
        limit=arguments.limit,
        cursor=arguments.cursor,
    )
    page = await read_shared_list(tenant, request)
    result = of_members.result_of(of_members.Arguments(view=arguments.view), page)
    items = [cast("ItemView", {name: value for name, value in each.items() if name in SHOWN}) for each in result.items]
    return result.model_copy(update={"items": items})


LIST_ITEMS_FOR_GUEST = ToolSpec(
    list_items,
    Arguments,
    of_members.Result,
    for_guests=True,
    title="Show the shopping list",
    scopes=frozenset({LISTS_READ}),
    hints=Hints(read_only=True, destructive=False, idempotent=True, why="It reads."),
)
