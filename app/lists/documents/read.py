"""One thing of a household as a text to read: an item with what is on record of it, a list, or a recipe."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from app.errors import NotFound
from app.households import repository as households
from app.households.models import FORMER_MEMBER
from app.households.tenant import Tenant
from app.lists import repository as lists
from app.lists.documents.repository import purchases_named
from app.lists.documents.search import PURCHASES
from app.lists.export import export_list
from app.lists.history import queries as history
from app.lists.history.queries import Happening
from app.lists.items import repository as items
from app.lists.items.fields import Item
from app.lists.models import Purchase, ShoppingList
from app.recipes.repository import recipes_numbered

PURCHASES_SHOWN: Final = 30
CHANGES_SHOWN: Final = 10
LONGEST_TEXT: Final = 60_000
"""Characters of a list."""


@dataclass(frozen=True, slots=True)
class Document:
    """What is on record of one thing."""

    ref: str
    title: str
    text: str
    metadata: Mapping[str, str]


async def read_document(tenant: Tenant, ref: str) -> Document:
    """Return the item, list or recipe with a ref such as `i12`, `L1` or `R3`, or what was bought by a name. Raises
    `NotFound`."""
    kind, number = ref[:1].lower(), ref[1:]
    if kind == PURCHASES and "\0" not in number:
        bought = await _read_purchases(tenant, number)
        if bought is not None:
            return bought
    if number.isascii() and number.isdigit() and len(number) <= 9:
        reader = {"i": _read_item, "l": _read_list, "r": _read_recipe}.get(kind)
        found = None if reader is None else await reader(tenant, int(number))
        if found is not None:
            return found
    raise NotFound("id names nothing on record here. search returns ids.", field="id")


async def _read_item(tenant: Tenant, number: int) -> Document | None:
    item = (await items.items_numbered(tenant, [number])).get(number)
    if item is None:
        return None
    on = (await lists.lists_with(tenant, [item.list_id]))[item.list_id]
    zone = tenant.membership.zone
    total, purchases = await purchases_named(tenant, item.name_key, PURCHASES_SHOWN)
    buyers = {each.bought_by for each in purchases}
    members = await households.names_of(tenant.connection, tenant.household_id, buyers)
    changes = await history.read_history(tenant, history.Request(item=item.ref, limit=CHANGES_SHOWN))
    title = item.name if item.quantity is None else f"{item.quantity} {item.name}"
    state = _state_of(item, on)
    known = {
        "List": on.name,
        "State": state,
        "Category": item.category,
        "Store": item.store or on.store,
        "Note": item.note,
        "Priority": item.priority,
        "For": None if item.assignee_id is None else members.get(item.assignee_id),
        "Price": None if item.price is None else f"{item.price:.2f} {on.currency or tenant.membership.currency}",
        "Not before": None if item.not_before is None else item.not_before.isoformat(),
        "Comes back": None if item.repeat_days is None else f"every {item.repeat_days} days",
    }
    lines = [title, *(f"{word}: {value}" for word, value in known.items() if value is not None)]
    if purchases:
        lines += ["", _times(total), *(_bought(each, members, zone) for each in purchases)]
    if changes.happenings:
        lines += ["", "Latest changes:", *(_changed(each, zone) for each in changes.happenings)]
    metadata = {"kind": "item", "list": on.name, "state": state}
    return Document(item.ref, title, "\n".join(lines), metadata)


def _state_of(item: Item, on: ShoppingList) -> str:
    if item.deleted_at is not None or on.deleted_at is not None:
        return "removed"
    return "to buy" if item.checked_at is None else "bought"


def _bought(purchase: Purchase, members: Mapping[UUID, str], zone: ZoneInfo) -> str:
    """Return one purchase: `2026-11-20 18:05: 2 kg at Market for 2.49 EUR, Ann`."""
    quantity = "" if purchase.quantity is None else f" {purchase.quantity}"
    store = "" if purchase.store is None else f" at {purchase.store}"
    price = "" if purchase.price is None else f" for {purchase.price:.2f} {purchase.currency}"
    buyer = members.get(purchase.bought_by, FORMER_MEMBER)
    return f"{_moment(purchase.bought_at, zone)}:{quantity}{store}{price}, {buyer}"


def _changed(happening: Happening, zone: ZoneInfo) -> str:
    who = happening.entry.person or "the service"
    what = "; ".join(each.what for each in happening.changes)
    return f"{_moment(happening.entry.event.at, zone)}: {who}: {what}"


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


async def _read_purchases(tenant: Tenant, name_key: str) -> Document | None:
    total, purchases = await purchases_named(tenant, name_key, PURCHASES_SHOWN)
    if not purchases:
        return None
    buyers = {each.bought_by for each in purchases}
    members = await households.names_of(tenant.connection, tenant.household_id, buyers)
    zone = tenant.membership.zone
    name = purchases[0].name
    lines = [name, "", _times(total), *(_bought(each, members, zone) for each in purchases)]
    return Document(f"{PURCHASES}{name_key}", name, "\n".join(lines), {"kind": "purchases"})


def _times(total: int) -> str:
    return "Bought once:" if total == 1 else f"Bought {total} times, the latest first:"


async def _read_list(tenant: Tenant, number: int) -> Document | None:
    on = (await lists.lists_numbered(tenant, [number])).get(number)
    if on is None or on.deleted_at is not None:
        return None
    export = await export_list(tenant, on.ref, "text", "all", cursor=None, longest=LONGEST_TEXT, cost=len)
    more = "" if export.next_cursor is None else "\nThere is more; list_items has it page by page."
    metadata = {"kind": "list", "open": str(on.open_items), "bought": str(on.checked_items)}
    return Document(on.ref, on.name, f"{export.text}{more}", metadata)


async def _read_recipe(tenant: Tenant, number: int) -> Document | None:
    recipe = (await recipes_numbered(tenant, [number])).get(number)
    if recipe is None or recipe.deleted_at is not None:
        return None
    servings = [] if recipe.servings is None else [f"Servings: {recipe.servings}"]
    text = "\n".join([recipe.name, *servings, *(f"- {line}" for line in recipe.lines)])
    return Document(recipe.ref, recipe.name, text, {"kind": recipe.kind})
