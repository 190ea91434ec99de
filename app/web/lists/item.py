"""The page of an item: everything that is set of it, where it comes from, and the form that changes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from app.errors import AppError, Conflict, Invalid, NotFound, RoleRefused
from app.households.models import Member
from app.households.repository import members_of
from app.households.tenant import Tenant
from app.lists.history.queries import Request as HistoryRequest
from app.lists.items.fields import Item, Priority
from app.lists.items.repository import items_numbered
from app.lists.items.update import Update, update_items
from app.lists.known_values_repository import find_stores
from app.lists.models import Changed, ShoppingList
from app.lists.query_repository import categories_of
from app.lists.repository import all_lists
from app.recipes.models import Recipe
from app.recipes.repository import recipes_with
from app.text import plain_number, printable
from app.ui.forms import Fields
from app.ui.paths import recipe_path
from app.web.context import WebContext
from app.web.lists.acts import GONE, item_ref
from app.web.lists.changes import find_list, make_change
from app.web.lists.content import Event, read_events
from app.web.lists.page import page_context
from app.web.lists.said import for_people, raise_refusal
from app.web.lists.visit import Visit, address_of

MOST_VALUES: Final = 100
"""Stores and categories that are offered."""

CHANGES: Final = 5
_LARGEST: Final = 2**63 - 1
_PRIORITIES: Final[Mapping[str, Priority]] = {"low": "low", "high": "high"}
_TEXTS: Final = ("name", "unit", "note", "category", "store", "assignee")
WORDS: Final = (*_TEXTS, "quantity", "priority", "price", "not_before", "repeat_every_days")
"""The fields of the form, by the words of the arguments of `update_items`."""


@dataclass(frozen=True, slots=True)
class _Read:
    """An item and what its form offers."""

    item: Item
    on: ShoppingList
    members: Sequence[Member]
    stores: Sequence[str]
    categories: Sequence[str]
    lists: Sequence[ShoppingList]
    recipe: Recipe | None


async def show_item(web: WebContext, visit: Visit, request: Request) -> Response:
    """GET of an item."""
    return await _page(web, visit, request)


async def post_item(web: WebContext, visit: Visit, fields: Fields, request: Request) -> Response:
    """POST of the form of an item. What somebody else has changed meanwhile is shown, and not overwritten."""
    try:
        update = partial(_update, request.path_params, fields)
        await make_change(web, request, visit, fields, "update_items", update)
    except RoleRefused:
        raise
    except AppError as error:
        if isinstance(error, NotFound) and error.field is None:
            raise  # the item or the list, not a person in the form
        return await _page(web, visit, request, for_people(error), fields)
    return web.kit.see_other(address_of(visit, request.path_params["ref"]))


async def _update(address: Mapping[str, str], fields: Fields, tenant: Tenant) -> Changed:
    item, on = await _find(tenant, address)
    members = await members_of(tenant.connection, tenant.household_id)
    update = _changed(item, _values(item, members), fields)
    seen = plain_number(fields.one("rev"))
    if seen is None or not 0 <= seen <= _LARGEST:
        raise Invalid("This page is out of date. Open the item again.")
    changed = await update_items(tenant, [update], on.ref, int(seen), all_or_nothing=False)
    try:
        raise_refusal(changed)
    except Conflict:
        raise Conflict(
            "Somebody has changed this meanwhile. What is different now stands below the fields. Save again to have "
            "it your way."
        ) from None
    return changed


def _changed(item: Item, now: Mapping[str, str], fields: Fields) -> Update:
    """Return the values that the form has and the item has not, and the emptied ones as cleared."""
    typed = {word: fields.one(word).strip() for word in WORDS if word in fields.names()}
    new = {word: text for word, text in typed.items() if text != now.get(word, "")}
    emptied = [word for word, text in new.items() if not text]
    if "name" in emptied:
        raise Invalid("The name is empty; it needs at least one visible character.", field="name")
    if "quantity" in emptied:
        emptied = [word for word in emptied if word != "unit"]
        new.pop("unit", None)
    values: dict[str, Any] = {word: text for word, text in new.items() if text and word in _TEXTS}
    for word, parse in _PARSERS.items():
        if text := new.get(word):
            values[word] = parse(text)
    return Update(item=item.ref, clear=emptied, **values)


def _number(text: str) -> Decimal:
    number = plain_number(text)
    if number is None:
        raise Invalid("{text} is not a number: write 2, 0.5 or 1,5.", values={"text": printable(text)})
    return number


def _priority(text: str) -> Priority:
    if text not in _PRIORITIES:
        raise Invalid("Choose one of the possible priorities.", field="priority")
    return _PRIORITIES[text]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("The day is not a date: write it as 2026-12-24.", field="not_before") from None


def _days(text: str) -> int:
    number = _number(text)
    if number != number.to_integral_value() or abs(number) > 100_000:
        raise Invalid("The number of days must be a whole number.", field="repeat_every_days")
    return int(number)


_PARSERS: Final[Mapping[str, Any]] = {
    "quantity": _number,
    "priority": _priority,
    "price": _number,
    "not_before": _day,
    "repeat_every_days": _days,
}


def _values(item: Item, members: Sequence[Member]) -> dict[str, str]:
    """Return the values of an item as its form has them."""
    quantity = item.quantity
    assignee = next((each.ref for each in members if each.person_id == item.assignee_id), "")
    values: dict[str, object] = {
        "name": item.name,
        "quantity": None if quantity is None else f"{quantity.shown:f}",
        "unit": None if quantity is None else quantity.unit_word,
        "note": item.note,
        "category": item.category,
        "store": item.store,
        "assignee": assignee,
        "priority": item.priority,
        "price": item.price,
        "not_before": item.not_before,
        "repeat_every_days": item.repeat_days,
    }
    return {word: "" if value is None else str(value) for word, value in values.items()}


async def _find(tenant: Tenant, address: Mapping[str, str]) -> tuple[Item, ShoppingList]:
    """Return the item and the list in the address. Raises `NotFound` where it is not on that list."""
    on, number = await find_list(tenant, address["ref"]), int(item_ref(address["item"])[1:])
    item = (await items_numbered(tenant, [number])).get(number)
    if item is None or item.deleted_at is not None or item.list_id != on.id:
        raise NotFound(GONE)
    return item, on


async def _read(web: WebContext, visit: Visit, address: Mapping[str, str]) -> _Read:
    async with visit.household(web, write=False).open(write=False) as tenant:
        item, on = await _find(tenant, address)
        return _Read(
            item,
            on,
            await members_of(tenant.connection, tenant.household_id),
            (await find_stores(tenant))[:MOST_VALUES],
            sorted(await categories_of(tenant), key=str.casefold)[:MOST_VALUES],
            [each for each in await all_lists(tenant) if each.archived_at is None and each.id != on.id],
            await _recipe_of(tenant, item),
        )


async def _page(
    web: WebContext, visit: Visit, request: Request, error: AppError | None = None, fields: Fields | None = None
) -> Response:
    address = request.path_params
    read = await _read(web, visit, address)
    events = await _events(web, visit, read)
    now = _values(read.item, read.members)
    typed = now if fields is None else {word: _typed(fields, word, now[word]) for word in WORDS}
    return web.kit.show(
        visit.session,
        "lists/item.html",
        error,
        **page_context(web, visit),
        item=read.item,
        list=read.on,
        now=now,
        typed=typed,
        members=read.members,
        stores=read.stores,
        categories=read.categories,
        others=read.lists,
        recipe=read.recipe,
        recipe_address=recipe_path,
        events=events,
    )


async def _recipe_of(tenant: Tenant, item: Item) -> Recipe | None:
    """Return the recipe that an item is for, unless it was deleted."""
    if item.recipe_id is None:
        return None
    found = (await recipes_with(tenant, [item.recipe_id])).get(item.recipe_id)
    return found if found is not None and found.deleted_at is None else None


def _typed(fields: Fields, word: str, otherwise: str) -> str:
    try:
        return fields.one(word)[:2_000] if word in fields.names() else otherwise
    except AppError:
        return otherwise


async def _events(web: WebContext, visit: Visit, read: _Read) -> list[Event]:
    _, events, _ = await read_events(web, visit, read.on.ref, HistoryRequest(item=read.item.ref, limit=CHANGES))
    return events
