"""The tool `update_items`."""

from collections.abc import Callable, Sequence
from typing import Any, get_args

from pydantic import Field

from app.errors import Invalid
from app.households.tenant import ProvenHousehold, Tenant
from app.lists.items import update, update_matching
from app.lists.items.filters import require_names_or_filter
from app.lists.items.update_matching import BulkUpdate
from app.lists.models import ITEMS_PER_CALL
from app.mcp.argument_types import Number
from app.mcp.spec import Answer, Hints, ToolSpec
from app.mcp.tools.changes import ChangeResult, change_result
from app.mcp.tools.filter_arguments import FilterArguments, ListOfItems
from app.mcp.tools.items import BulkClearable, UpdateInput
from app.scopes import LISTS_WRITE


class Arguments(FilterArguments):
    """What to change."""

    items: list[UpdateInput] | None = Field(
        default=None,
        description="An item each, with the details to set; the rest stays",
        min_length=1,
        max_length=ITEMS_PER_CALL,
        examples=[[{"item": "milk", "quantity": 2, "clear": ["note"]}]],
    )
    if_rev: int | None = Field(
        default=None, description="Rev you saw; items changed since are left alone", ge=0, le=2**63 - 1
    )
    set_store: str | None = Field(default=None, description="With where_ or view: their new store")
    set_category: str | None = Field(default=None, description="With where_ or view: their new category")
    set_assignee: str | None = Field(default=None, description="With where_ or view: the member who gets them")
    clear: list[BulkClearable] | None = Field(
        default=None, description="With where_ or view: details to clear", max_length=len(get_args(BulkClearable))
    )
    convert_to: str | None = Field(
        default=None,
        description="With where_ or view: unit to show the same amounts in; auto: one that fits, 1500 g as 1.5 kg",
        examples=["auto"],
    )
    quantity_factor: Number | None = Field(default=None, description="With where_ or view: 2 doubles their amounts")
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
    """Overwrites details of items on a shopping list, such as quantity, name, note or store, or clears them; what is
    corrected of unit, category or store is remembered for that name. quantity_delta -1 means one less. With
    if_rev, an item that someone changed meanwhile fails as a conflict and shows its current values. With where_ or view
    it applies the same change to every match: moves them to a store, renames a category, multiplies amounts, converts
    units. Results show up to 100."""
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


def _updates(items: Sequence[UpdateInput]) -> list[update.Update]:
    updates: list[update.Update] = []
    for each in items:
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
    hints=Hints(read_only=False, destructive=False, idempotent=False),
)
