"""The tool `add_items`."""

from collections.abc import Callable, Sequence

from pydantic import Field

from app.errors import Invalid
from app.households.tenant import ProvenHousehold, Tenant
from app.lists.items import add
from app.lists.items.pasted_text import split_text
from app.lists.models import ITEMS_PER_CALL, OnDuplicate, RefusedEntry
from app.mcp.argument_types import AllOrNothing
from app.mcp.spec import Answer, Hints, ToolSpec, WriteArguments
from app.mcp.tools.changes import ChangeResult, change_result
from app.mcp.tools.items import ItemInput
from app.scopes import LISTS_WRITE


class Arguments(WriteArguments):
    """What to add, and where."""

    fails_by_entry = True

    items: list[str | ItemInput] = Field(
        description="An entry each: a text such as `2 kg flour`, or an object",
        min_length=1,
        max_length=ITEMS_PER_CALL,
    )
    list: str | None = Field(default=None, description="Name or ref; default list if left out", max_length=200)
    on_duplicate: OnDuplicate = Field(
        default="merge", description="merge: add to the open line; convert: cups to grams too"
    )
    split: bool = Field(default=False, description="Split texts at commas too: `milk, eggs` is two items")
    all_or_nothing: AllOrNothing = False


async def add_items(tenant: Tenant, arguments: Arguments) -> ChangeResult:
    """Adds items to a shopping list. Reads amounts in texts such as `2 kg flour`, `3x milk` or `milk (lactose free)`. A
    text of several lines is an item a line; ticked lines are not added. What is on the list already is merged: 500 g
    and 1 kg become 1.5 kg. A faulty entry is reported, and the others are added."""
    added = await add.add_items(
        tenant,
        _entries(arguments.items, at_commas=arguments.split),
        arguments.list,
        arguments.on_duplicate,
        all_or_nothing=arguments.all_or_nothing,
    )
    return change_result(added)


async def _add_items_alone(
    household: ProvenHousehold, arguments: Arguments, answer: Callable[[ChangeResult], Answer]
) -> Answer | None:
    return await add.add_items_alone(
        household,
        _entries(arguments.items, at_commas=arguments.split),
        arguments.list,
        arguments.on_duplicate,
        lambda added: answer(change_result(added)),
    )


def _entries(items: Sequence[str | ItemInput | RefusedEntry], *, at_commas: bool) -> list[add.NewEntry]:
    entries: list[add.NewEntry] = []
    for number, entry in enumerate(items):
        if len(entries) > ITEMS_PER_CALL:
            break  # which is refused; nobody has to split the rest for that
        if isinstance(entry, str):
            entries.extend(split_text(entry, at_commas=at_commas))
        elif isinstance(entry, RefusedEntry):
            entries.append(_renumbered(entry, f"items[{number}]", f"items[{len(entries)}]"))
        else:
            entries.append(add.NewItem(**dict(entry)))
    return entries


def _renumbered(entry: RefusedEntry, sent: str, shown: str) -> RefusedEntry:
    """Return a refused entry under the number that it has in the answer, where each line of a text has its own."""
    refusal = entry.refusal
    if sent == shown:
        return entry
    field = (refusal.field or "").replace(sent, shown, 1)
    moved = Invalid(refusal.message.replace(sent, shown), field=field, candidates=refusal.candidates)
    return RefusedEntry(entry.name, moved)


ADD_ITEMS = ToolSpec(
    add_items,
    Arguments,
    ChangeResult,
    alone=_add_items_alone,
    title="Add to a shopping list",
    scopes=frozenset({LISTS_WRITE}),
    hints=Hints(
        read_only=False,
        destructive=False,
        idempotent=False,
        why="It only adds, and undo removes what it added; a second call adds again, unless it has the same "
        "`idempotency_key`.",
    ),
)
