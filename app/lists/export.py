"""A list as text to take away: JSON and CSV hold everything, markdown is for reading."""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from app.households.tenant import Tenant
from app.lists import query_repository
from app.lists.models import ITEMS_PER_LIST, ShoppingList, View
from app.lists.page import PageRow
from app.lists.query_repository import Browse
from app.lists.resolve_list import resolve_list

Format = Literal["json", "csv", "markdown"]

FORMAT_NAME: Final = "shopping-list-mcp/list"
FORMAT_VERSION: Final = 1
COLUMNS: Final = (
    "name",
    "quantity",
    "unit",
    "measure",
    "amount",
    "note",
    "category",
    "store",
    "assignee",
    "priority",
    "price",
    "not_before",
    "repeat_every_days",
    "checked_at",
)
"""What is told of an item. Amounts are decimal texts: `quantity` counts `unit`s and is rounded to be read, `amount` is
exact, in the base unit of `measure`."""


@dataclass(frozen=True, slots=True)
class Export:
    """A list as text; `items` counts what is in it."""

    list: ShoppingList
    items: int
    text: str


async def export_list(tenant: Tenant, list_name: str | None, form: Format, view: View) -> Export:
    """The list with the items in the view, in its order. Raises `NotFound` for the list."""
    shopping_list = await resolve_list(tenant, list_name)
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
    write = {"json": as_json, "csv": as_csv, "markdown": as_markdown}[form]
    return Export(shopping_list, len(rows), write(shopping_list, [_fields(row) for row in rows]))


def as_json(shopping_list: ShoppingList, items: Sequence[Mapping[str, str]]) -> str:
    """A JSON object: the list's settings, and its items with the fields that are set."""
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
    return json.dumps(document, ensure_ascii=False, indent=1)


def as_csv(shopping_list: ShoppingList, items: Sequence[Mapping[str, str]]) -> str:
    """A table with a header (RFC 4180), one item a row; cells are guarded against being run as formulas."""
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(COLUMNS)
    table.writerows([guard(item.get(name, "")) for name in COLUMNS] for item in items)
    return text.getvalue()


def as_markdown(shopping_list: ShoppingList, items: Sequence[Mapping[str, str]]) -> str:
    """A heading and a task list; what people typed is shown as they typed it, never as markup."""
    lines = [f"# {_plain(shopping_list.name)}", ""]
    for item in items:
        box = "x" if "checked_at" in item else " "
        amount = " ".join(item[name] for name in ("quantity", "unit") if name in item)
        note = f"({item['note']})" if "note" in item else ""
        lines.append(f"- [{box}] " + " ".join(_plain(part) for part in (amount, item["name"], note) if part))
    return "\n".join(lines) + "\n"


_PUNCTUATION: Final = re.compile(r"([!-/:-@\[-`{-~])")


def _plain(text: str) -> str:
    """Text on one line that no markdown reader takes for markup (CommonMark 2.4: punctuation may be escaped)."""
    return _PUNCTUATION.sub(r"\\\1", " ".join(text.split()))


def _fields(item: PageRow) -> dict[str, str]:
    quantity = item.quantity
    values = {
        "name": item.name,
        "quantity": None if quantity is None else _decimal(quantity.shown),
        "unit": None if quantity is None else quantity.unit,
        "measure": None if quantity is None else quantity.measure,
        "amount": None if quantity is None else _decimal(quantity.amount),
        "note": item.note,
        "category": item.category,
        "store": item.store,
        "assignee": item.assignee,
        "priority": item.priority,
        "price": None if item.price is None else _decimal(item.price),
        "not_before": None if item.not_before is None else item.not_before.isoformat(),
        "repeat_every_days": None if item.repeat_days is None else str(item.repeat_days),
        "checked_at": None if item.checked_at is None else item.checked_at.isoformat(),
    }
    return {name: value for name, value in values.items() if value is not None}


def _decimal(number: Decimal) -> str:
    return f"{number.normalize():f}"


_RISKY: Final = re.compile(r"'*[=+\-@\t\r]")
_GUARDED: Final = re.compile(r"'+[=+\-@\t\r]")


def guard(cell: str) -> str:
    """The cell as it may stand in a table."""
    return f"'{cell}" if _RISKY.match(cell) else cell


def unguard(cell: str) -> str:
    """The cell as it was before `guard`."""
    return cell[1:] if _GUARDED.match(cell) else cell
