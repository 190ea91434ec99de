"""A list as text: JSON and CSV hold everything, markdown is for reading.

Lists can hold thousands of items with long notes, so everything that is done for each of them is done in turns.
"""

import asyncio
import csv
import io
import json
import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from app.errors import Invalid
from app.households.tenant import Tenant
from app.lists import query_repository
from app.lists.items.fields import DETAILS, PageRow
from app.lists.models import ITEMS_PER_LIST, ShoppingList, View
from app.lists.query_repository import Browse
from app.lists.resolve_list import resolve_list
from app.quantities import Quantity
from app.runtime.turns import map_in_turns

Format = Literal["json", "csv", "markdown"]

FORMAT_NAME: Final = "shopping-list-mcp/list"
FORMAT_VERSION: Final = 1
_PARTS_PER_TURN: Final = 1_000
"""Parts of JSON text, of which an item has some dozen."""

_QUANTITY: Final = ("quantity", "unit", "measure", "amount")
COLUMNS: Final = (
    *(
        column
        for each in DETAILS
        if each.exported
        for column in (_QUANTITY if each.name == "quantity" else [each.word])
    ),
    "checked_at",
)
"""The columns of an item. Amounts are decimal texts: `quantity` counts `unit`s and is rounded for reading, `amount` is
exact, in the base unit of `measure`."""


@dataclass(frozen=True, slots=True)
class Export:
    """A list as text, and how many items are in it."""

    list: ShoppingList
    items: int
    text: str


async def export_list(
    tenant: Tenant, list_name: str | None, form: Format, view: View, *, longest: int | None = None
) -> Export:
    """Return a list with the items in the view, in its order.

    Raises `NotFound` for the list, and `Invalid` if its names and notes have more than `longest` characters.
    """
    return await export_resolved(tenant, await resolve_list(tenant, list_name), form, view, longest=longest)


async def export_resolved(
    tenant: Tenant, shopping_list: ShoppingList, form: Format, view: View, *, longest: int | None = None
) -> Export:
    """Return a list that was found already, as `export_list` does."""
    browse = Browse(
        list_id=shopping_list.id,
        view=view,
        group_by="none",
        stores=None,
        words=(),
        since_rev=None,
        after=None,
        limit=ITEMS_PER_LIST,
    )
    rows = await query_repository.read_page(tenant, browse)
    if longest is not None and sum(await map_in_turns(_length, rows)) > longest:
        message = f"{shopping_list.ref} is too long to be shown in one piece. list_items has it page by page."
        raise Invalid(message, field="list")
    write = {"json": as_json, "csv": as_csv, "markdown": as_markdown}[form]
    return Export(shopping_list, len(rows), await write(shopping_list, await map_in_turns(_cells, rows)))


def _length(row: PageRow) -> int:
    return len(row.name) + len(row.note or "")


async def as_json(shopping_list: ShoppingList, items: Sequence[Mapping[str, str]]) -> str:
    """Return a JSON object: the list's settings, and its items with the fields that are set."""
    settings = {
        "name": shopping_list.name,
        "store": shopping_list.store,
        "currency": shopping_list.currency,
        "category_order": list(shopping_list.category_order) or None,
    }
    document = {
        "format": FORMAT_NAME,
        "version": FORMAT_VERSION,
        "list": {name: value for name, value in settings.items() if value is not None},
        "items": items,
    }
    parts: list[str] = []
    for part in json.JSONEncoder(ensure_ascii=False, indent=1).iterencode(document):
        parts.append(part)
        if len(parts) % _PARTS_PER_TURN == 0:
            await asyncio.sleep(0)
    return "".join(parts)


async def as_csv(shopping_list: ShoppingList, items: Sequence[Mapping[str, str]]) -> str:
    """Return CSV with a header (RFC 4180), a row for each item; no cell can be run as a formula."""
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(COLUMNS)
    await map_in_turns(lambda item: table.writerow([guard(item.get(name, "")) for name in COLUMNS]), items)
    return text.getvalue()


async def as_markdown(shopping_list: ShoppingList, items: Sequence[Mapping[str, str]]) -> str:
    """Return a heading and a task list; text is shown as people typed it, never as markup."""
    lines = await map_in_turns(_task, items)
    return "\n".join([f"# {plain(shopping_list.name)}", "", *lines]) + "\n"


def _task(item: Mapping[str, str]) -> str:
    box = "x" if "checked_at" in item else " "
    amount = " ".join(item[name] for name in ("quantity", "unit") if name in item)
    note = f"({item['note']})" if "note" in item else ""
    return f"- [{box}] " + " ".join(plain(part) for part in (amount, item["name"], note) if part)


_ESCAPED: Final = str.maketrans({character: f"\\{character}" for character in string.punctuation})


def plain(text: str) -> str:
    """Return text on one line, with punctuation escaped (CommonMark 2.4) so that no reader takes it for markup."""
    return " ".join(text.split()).translate(_ESCAPED)


def _cells(row: PageRow) -> dict[str, str]:
    """Return the columns that are set, as text."""
    quantity: Quantity | None = row.quantity
    amounts = (None,) * 4 if quantity is None else (quantity.shown, quantity.unit, quantity.measure, quantity.amount)
    of_quantity = dict(zip(_QUANTITY, amounts, strict=True))
    values = {name: of_quantity[name] if name in of_quantity else getattr(row, name) for name in COLUMNS}
    return {name: _as_text(value) for name, value in values.items() if value is not None}


def _as_text(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else str(value)


_RISKY: Final = re.compile(r"'*[=+\-@\t\r]")
_GUARDED: Final = re.compile(r"'+[=+\-@\t\r]")


def guard(cell: str) -> str:
    """Return a cell that no spreadsheet runs as a formula."""
    return f"'{cell}" if _RISKY.match(cell) else cell


def unguard(cell: str) -> str:
    """Return the cell as it was before `guard`."""
    return cell[1:] if _GUARDED.match(cell) else cell
