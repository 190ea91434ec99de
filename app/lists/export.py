"""A list as text: JSON and CSV hold everything, markdown is for reading."""

import csv
import io
import json
import re
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
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
from app.runtime.batches import map_in_batches

Format = Literal["json", "csv", "markdown"]

FORMAT_NAME: Final = "shopping-list-mcp/list"
FORMAT_VERSION: Final = 1
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


async def export_list(tenant: Tenant, list_name: str | None, form: Format, view: View, *, longest: int) -> Export:
    """Return a list with the items in the view, in its order. Raises `NotFound` for the list, and `Invalid` for one
    that takes more than `longest` characters."""
    return await export_resolved(tenant, await resolve_list(tenant, list_name), form, view, longest=longest)


async def export_resolved(
    tenant: Tenant, shopping_list: ShoppingList, form: Format, view: View, *, longest: int
) -> Export:
    """Return a list that was found already, as `export_list` does.

    It is read and written in parts, so that others are served in between, and no further than it may be long.
    """
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
    form_of = FORMS[form]
    written: list[str] = []
    length = 0
    async with aclosing(query_repository.read_in_parts(tenant, browse)) as parts:
        async for rows in parts:
            written += await map_in_batches(lambda row: form_of.item(_cells(row)), rows)
            length += sum(map(len, written[-len(rows) :]))
            if length > longest:
                message = f"{shopping_list.ref} is too long to be shown in one piece. list_items has it page by page."
                raise Invalid(message, field="list")
    return Export(shopping_list, len(written), form_of.text(shopping_list, written))


@dataclass(frozen=True, slots=True)
class TextForm:
    """How a list is written: each item by itself, and what is around and between them."""

    beginning: Callable[[ShoppingList], str]
    item: Callable[[Mapping[str, str]], str]
    between: str
    end: str

    def text(self, shopping_list: ShoppingList, items: Iterable[str]) -> str:
        """Return the whole text of a list, with its items as `item` wrote them."""
        return self.beginning(shopping_list) + self.between.join(items) + self.end


def _json_beginning(shopping_list: ShoppingList) -> str:
    settings = {
        "name": shopping_list.name,
        "store": shopping_list.store,
        "currency": shopping_list.currency,
        "category_order": list(shopping_list.category_order) or None,
    }
    given = {name: value for name, value in settings.items() if value is not None}
    document = {"format": FORMAT_NAME, "version": FORMAT_VERSION, "list": given}
    return _as_json(document).removesuffix("\n}") + ',\n "items": [\n'


def _json_item(item: Mapping[str, str]) -> str:
    return "  " + _as_json(item).replace("\n", "\n  ")


def _as_json(values: Mapping[str, object]) -> str:
    return json.dumps(values, ensure_ascii=False, indent=1)


def _csv_beginning(shopping_list: ShoppingList) -> str:
    return _csv_row(COLUMNS)


def _csv_item(item: Mapping[str, str]) -> str:
    return _csv_row([guard(item.get(name, "")) for name in COLUMNS])


def _csv_row(cells: Sequence[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _markdown_beginning(shopping_list: ShoppingList) -> str:
    return f"# {plain(shopping_list.name)}\n\n"


def _markdown_item(item: Mapping[str, str]) -> str:
    box = "x" if "checked_at" in item else " "
    amount = " ".join(item[name] for name in ("quantity", "unit") if name in item)
    note = f"({item['note']})" if "note" in item else ""
    return f"- [{box}] " + " ".join(plain(part) for part in (amount, item["name"], note) if part) + "\n"


FORMS: Final[Mapping[Format, TextForm]] = {
    "json": TextForm(_json_beginning, _json_item, ",\n", "\n ]\n}\n"),
    "csv": TextForm(_csv_beginning, _csv_item, "", ""),
    "markdown": TextForm(_markdown_beginning, _markdown_item, "", ""),
}
"""JSON is one object, whose items have the fields that are set. CSV (RFC 4180) has a header and a
row for each item, and no cell that can be run as a formula. Markdown is a heading and a task list; text is shown as
people typed it, never as markup."""

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


_SIGNS: Final = "=+\\-@\uff1d\uff0b\uff0d\uff20"
"""What a formula begins with, also in full width."""

_SIGN: Final = re.compile(f"[{_SIGNS}\t\r]")
_AT_BEGINNING: Final = f"(?='*[{_SIGNS}\t\r])"
_FURTHER_ON: Final = f"(?='*[{_SIGNS}])"
_SEPARATED: Final = r"(?:\A|[;|\t\r\n])[;|\s\"]*+"
"""The beginning, a line end, or another separator than the comma: a spreadsheet that splits there takes no account of
our quotes. Each is matched with what follows, a formula or not, so that the time grows with the length only."""

_RISKY: Final = re.compile(rf"\A({_AT_BEGINNING})|{_SEPARATED}({_FURTHER_ON})?")
_GUARDED: Final = re.compile(rf"(\A)'{_AT_BEGINNING}|({_SEPARATED})(?:'{_FURTHER_ON})?")


def guard(cell: str) -> str:
    """Return a cell that no spreadsheet runs as a formula, wherever it splits it."""
    if _SIGN.search(cell) is None:
        return cell
    return _RISKY.sub(lambda found: found[0] if found.lastindex is None else f"{found[0]}'", cell)


def unguard(cell: str) -> str:
    """Return the cell as it was before `guard`."""
    return _GUARDED.sub(lambda found: found[1] or found[2] or "", cell) if "'" in cell else cell
