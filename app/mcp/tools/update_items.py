"""The tool `update_items`."""

from collections.abc import Callable, Sequence
from typing import Any, get_args

from pydantic import Field

from app.errors import Invalid
from app.households.tenant import ProvenHousehold, Tenant
from app.lists.items import update, update_matching
from app.lists.items.filters import require_names_or_filter
from app.lists.items.update_matching import BulkUpdate
from app.lists.models import ITEMS_PER_CALL, RefusedEntry
from app.mcp.argument_types import AllOrNothing, Number
from app.mcp.spec import Answer, Hints, ToolSpec
from app.mcp.tools.changes import ChangeResult, change_result
from app.mcp.tools.filter_arguments import FilterArguments, ListOfItems
from app.mcp.tools.items import BulkClearable, UpdateInput
from app.scopes import LISTS_WRITE


class Arguments(FilterArguments):
    """What to change."""

    fails_by_entry = True

    items: list[UpdateInput] | None = Field(
        default=None,
        description="An item each, with what to set or clear; the rest stays",
        min_length=1,
        max_length=ITEMS_PER_CALL,
    )
    if_rev: int | None = Field(
        default=None, description="Rev you saw; items changed since are left alone", ge=0, le=2**63 - 1
    )
    set_store: str | None = Field(default=None, description="New store of all that match")
    set_category: str | None = Field(default=None, description="New category of all that match")
    set_assignee: str | None = Field(default=None, description="Member who gets all that match, or me")
    clear: list[BulkClearable] | None = Field(
        default=None, description="Details to clear of all that match", max_length=len(get_args(BulkClearable))
    )
    convert_to: str | None = Field(
        default=None, description="Unit to show the same amounts in; auto: one that fits, 1500 g as 1.5 kg"
    )
    quantity_factor: Number | None = Field(default=None, description="2 doubles the amounts of all that match")
    all_or_nothing: AllOrNothing = False
    list: ListOfItems = None

    def bulk_update(self) -> BulkUpdate:
        """Return what to change of every item that the filter fits."""
        return BulkUpdate(
            self.set_store,
            self.set_category,
            self.set_assignee,
            self.clear or (),
            self.convert_to,
            self.quantity_factor,
        )


async def update_items(tenant: Tenant, arguments: Arguments) -> ChangeResult:
    """Changes details of items, such as quantity, name, note or store, or clears them; what is corrected of unit,
    category or store is remembered for that name. quantity_delta -1 means one less. With if_rev, what someone changed
    meanwhile fails as a conflict and shows its current values. With where_ or view, makes one change to every match:
    another store, a renamed category, other amounts or units. Shows up to 100 results."""
    by, bulk = arguments.item_filter(), arguments.bulk_update()
    require_names_or_filter(arguments.items, by)
    if arguments.items is not None:
        if bulk:
            message = "set_, clear, quantity_factor and convert_to go with where_ or view; in items, name the details."
            raise Invalid(message, field="items")
        updated = await update.update_items(
            tenant,
            _updates(arguments.items),
            arguments.list,
            arguments.if_rev,
            dry_run=arguments.dry_run,
            all_or_nothing=arguments.all_or_nothing,
        )
    else:
        updated = await update_matching.update_matching(
            tenant,
            by,
            bulk,
            arguments.list,
            arguments.if_rev,
            dry_run=arguments.dry_run,
            all_or_nothing=arguments.all_or_nothing,
        )
    return change_result(updated)


async def _update_items_alone(
    household: ProvenHousehold, arguments: Arguments, answer: Callable[[ChangeResult], Answer]
) -> Answer | None:
    if arguments.items is None or arguments.item_filter() or arguments.bulk_update() or arguments.dry_run:
        return None
    return await update.update_item_alone(
        household,
        _updates(arguments.items),
        arguments.list,
        arguments.if_rev,
        lambda updated: answer(change_result(updated)),
    )


def _updates(items: Sequence[UpdateInput | RefusedEntry]) -> list[update.Update | RefusedEntry]:
    updates: list[update.Update | RefusedEntry] = []
    for each in items:
        if isinstance(each, RefusedEntry):
            updates.append(each)
            continue
        values: dict[str, Any] = {**dict(each), "clear": each.clear or ()}
        updates.append(update.Update(**values))
    return updates


UPDATE_ITEMS = ToolSpec(
    update_items,
    Arguments,
    ChangeResult,
    alone=_update_items_alone,
    title="Change items",
    scopes=frozenset({LISTS_WRITE}),
    hints=Hints(
        read_only=False,
        destructive=False,
        idempotent=False,
        why="The values it overwrites are in its event, and undo restores them; `quantity_delta` and "
        "`quantity_factor` count again at a second call.",
    ),
)
