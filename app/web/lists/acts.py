"""What the forms of a list do, each by the use case that the tool of the same purpose calls."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from app.errors import Invalid, NotFound
from app.households.tenant import Tenant
from app.lists.history.undo import Request as UndoRequest
from app.lists.history.undo import undo
from app.lists.items.add import add_items
from app.lists.items.check import check_items
from app.lists.items.move import Destination, move_items
from app.lists.items.pasted_text import split_text
from app.lists.items.remove import remove_items
from app.lists.models import ITEMS_PER_CALL, Changed, ShoppingList, event_number
from app.ui.forms import Fields
from app.web.lists.said import raise_refusal

GONE: Final = "That is no longer on this list."

_ITEM: Final = re.compile(r"i\d{1,9}")

Act = Callable[[Tenant, ShoppingList, Fields], Awaitable[Changed]]


def item_ref(text: str) -> str:
    """Return the ref of an item that a form names. Raises `NotFound` for any other text."""
    if _ITEM.fullmatch(text) is None:
        raise NotFound(GONE)
    return text


async def add(tenant: Tenant, on: ShoppingList, fields: Fields) -> Changed:
    """Add the lines of the field `text`."""
    lines = split_text(fields.one("text"), at_commas=False)
    if len(lines) > ITEMS_PER_CALL:
        raise Invalid(
            "That is more than {most} lines. Add some of them now, and the others afterwards.",
            values={"most": ITEMS_PER_CALL},
        )
    return await add_items(tenant, lines, on.ref, "merge", all_or_nothing=False)


async def tick(tenant: Tenant, on: ShoppingList, fields: Fields) -> Changed:
    """Mark the item in the field `check` as bought, at the store in `store`, or that in `uncheck` as not bought after
    all."""
    check, uncheck = fields.one("check"), fields.one("uncheck")
    item, store = item_ref(check or uncheck), fields.one("store").strip() if check else ""
    return _one(await check_items(tenant, [item], on.ref, checked=bool(check), store=store or None))


async def remove(tenant: Tenant, on: ShoppingList, fields: Fields) -> Changed:
    """Remove the item in the field `remove`."""
    return _one(await remove_items(tenant, [item_ref(fields.one("remove"))], None, on.ref, dry_run=False))


async def clear(tenant: Tenant, on: ShoppingList, _: Fields) -> Changed:
    """Remove what was bought."""
    return await remove_items(tenant, None, "checked", on.ref, dry_run=False)


async def move(tenant: Tenant, on: ShoppingList, fields: Fields) -> Changed:
    """Move the item that the field `move` names before the other one that it names, or without one to the bottom."""
    item, _, before = fields.one("move").partition(" ")
    to = Destination(before=item_ref(before)) if before else Destination(to="bottom")
    return _one(await move_items(tenant, [item_ref(item)], on.ref, to))


async def move_away(tenant: Tenant, on: ShoppingList, fields: Fields) -> Changed:
    """Move the item in the field `item` to the list in `to`."""
    item, to = item_ref(fields.one("item")), fields.one("to")
    return _one(await move_items(tenant, [item], on.ref, Destination(to_list=to)))


async def undo_change(tenant: Tenant, _: ShoppingList, fields: Fields) -> Changed:
    """Undo the change in the field `change`, whatever it was about."""
    return await undo_named(tenant, fields)


async def undo_named(tenant: Tenant, fields: Fields) -> Changed:
    """Undo the change in the field `change`."""
    ref = fields.one("change")
    if event_number(ref) is None:
        raise NotFound("That change is not on record any more.")
    return await undo(tenant, UndoRequest([ref]))


def _one(changed: Changed) -> Changed:
    """Return what a call with one item did. Raises why it wasn't done."""
    try:
        raise_refusal(changed)
    except NotFound:
        raise NotFound(GONE) from None
    return changed


FORMS: Final[dict[str, tuple[Act, str]]] = {
    "add": (add, "add_items"),
    "check": (tick, "check_items"),
    "remove": (remove, "remove_items"),
    "clear": (clear, "remove_items"),
    "move": (move, "move_items"),
    "move-away": (move_away, "move_items"),
    "undo": (undo_change, "undo"),
}
"""The forms, each by the last part of its path, with what it does and the kind of its event."""

TELLING: Final[Sequence[str]] = ("add", "undo", "clear")
"""The forms whose answer says what became of each line; the others show it."""
