"""The tool `add_items`."""

from collections.abc import Callable

from pydantic import Field

from app.households.tenant import ProvenHousehold, Tenant
from app.lists.items import add
from app.lists.items.pasted_text import PastedLine, split_text
from app.lists.models import ITEMS_PER_CALL, OnDuplicate
from app.mcp.spec import Answer, BatchArguments, Hints, ToolSpec
from app.mcp.tools.changes import ChangeResult, change_result
from app.mcp.tools.items import ItemInput
from app.scopes import LISTS_WRITE


class Arguments(BatchArguments):
    """What to add, and where."""

    items: list[str | ItemInput] = Field(
        description="One entry a thing: a text such as `2 kg flour`, or an object",
        min_length=1,
        max_length=ITEMS_PER_CALL,
        examples=[["milk", "2 kg flour", "milk (lactose free)"]],
    )
    list: str | None = Field(default=None, description="List name or ref; default list if left out", max_length=200)
    on_duplicate: OnDuplicate = Field(default="merge", description="merge: add to the open line of that name")
    split: bool = Field(default=False, description="Split texts at commas too: `milk, eggs` is two items")


async def add_items(tenant: Tenant, arguments: Arguments) -> ChangeResult:
    """Adds items to a shopping list. Reads quantities in texts such as `2 kg flour`, `3x milk` or `milk (lactose
    free)`. A text of several lines is an item a line; ticked lines are not added. An item that is already on the list
    is merged: 500 g and 1 kg become 1.5 kg. An item that can't be added is reported, and the others are added."""
    added = await add.add_items(
        tenant, _entries(arguments), arguments.list, arguments.on_duplicate, all_or_nothing=arguments.all_or_nothing
    )
    return change_result(added)


async def _add_items_alone(
    household: ProvenHousehold, arguments: Arguments, answer: Callable[[ChangeResult], Answer]
) -> Answer | None:
    return await add.add_items_alone(
        household,
        _entries(arguments),
        arguments.list,
        arguments.on_duplicate,
        lambda added: answer(change_result(added)),
    )


def _entries(arguments: Arguments) -> list[str | PastedLine | add.NewItem]:
    entries: list[str | PastedLine | add.NewItem] = []
    for entry in arguments.items:
        if len(entries) > ITEMS_PER_CALL:
            break  # which is refused; nobody has to split the rest for that
        if isinstance(entry, str):
            entries.extend(split_text(entry, at_commas=arguments.split))
        else:
            entries.append(add.NewItem(**dict(entry)))
    return entries


ADD_ITEMS = ToolSpec(
    add_items,
    Arguments,
    ChangeResult,
    alone=_add_items_alone,
    title="Add to a shopping list",
    scopes=frozenset({LISTS_WRITE}),
    hints=Hints(read_only=False, destructive=False, idempotent=False),
)
