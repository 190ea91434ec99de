"""The forms in which a list is written: JSON and CSV hold everything, markdown and plain text are for reading."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from app.lists.items.fields import DETAILS, PageRow, Place
from app.lists.models import Order, ShoppingList
from app.quantities import Quantity

Format = Literal["json", "csv", "markdown", "text"]

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
class TextForm:
    """How a list is written: each item by itself, from the cells of its row and the row before or its place, and
    what is around and between them."""

    beginning: Callable[[ShoppingList], str]
    item: Callable[[Mapping[str, str]], str]
    between: str
    end: str
    cells: Callable[[PageRow, PageRow | Place | None], Mapping[str, str]]
    group_by: Order = "own"

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
    return _csv_row([guard(item[name]) if name in item else "" for name in COLUMNS])


def _csv_row(cells: Sequence[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerow(cells)
    return text.getvalue()


def _markdown_beginning(shopping_list: ShoppingList) -> str:
    return f"# {as_markdown(shopping_list.name)}\n\n"


def _markdown_item(line: Mapping[str, str]) -> str:
    box = "x" if "checked_at" in line else " "
    return f"- [{box}] {as_markdown(_words(line))}\n"


def _text_beginning(shopping_list: ShoppingList) -> str:
    return f"{_on_one_line(shopping_list.name)}\n"


def _text_item(line: Mapping[str, str]) -> str:
    heading = f"\n{_on_one_line(line['heading'])}\n" if "heading" in line else ""
    return f"{heading}- {_on_one_line(_words(line))}\n"


def _words(line: Mapping[str, str]) -> str:
    note = f"({line['note']})" if "note" in line else ""
    return " ".join(part for part in (line.get("amount"), line["name"], note) if part)


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


_MARKUP: Final = re.compile(
    r"""
    [`\[\]~]                              # code, links, struck out
    | \\(?=[!-/:-@\[-`{-~])                # a backslash that would escape
    | [*_](?!\s) | (?<=\S)[*_]             # emphasis: both sides blank is none
    | <(?=[A-Za-z/!?])                     # tags and addresses
    | &(?=\#?\w+;)                         # character references
    | :(?=//) | (?<=www)\. | @(?=\w)       # addresses that readers make links of
    | \#+$ | (?<=\s)\$(?=\S) | ^\$(?=\S)   # the end of a heading; formulas
    """,
    re.VERBOSE,
)


_BLOCK: Final = re.compile(r"(?<!.)(\d{0,9})(?=[#>+\-=.)])")
"""Where a line begins like a heading, a quotation or a list."""


def as_markdown(text: str, *, begins_block: bool = False) -> str:
    """Return text on one line, with a backslash before what a reader of markdown would take for markup (CommonMark
    0.31, with the extensions of GitHub). That is more where the text begins a block, with nothing before it."""
    escaped = _MARKUP.sub(lambda found: "".join(f"\\{mark}" for mark in found[0]), _on_one_line(text))
    return _BLOCK.sub(r"\1\\", escaped) if begins_block else escaped


def _cells(row: PageRow, previous: PageRow | Place | None) -> dict[str, str]:
    """Return the columns that are set, as text."""
    quantity: Quantity | None = row.quantity
    amounts = (None,) * 4 if quantity is None else (quantity.shown, quantity.unit, quantity.measure, quantity.amount)
    of_quantity = dict(zip(_QUANTITY, amounts, strict=True))
    values = {name: of_quantity[name] if name in of_quantity else getattr(row, name) for name in COLUMNS}
    return {name: _as_text(value) for name, value in values.items() if value is not None}


def _line(row: PageRow, previous: PageRow | Place | None) -> dict[str, str]:
    """Return what a line for reading shows, with a heading where another group begins."""
    values = {
        "name": row.name,
        "amount": row.quantity,
        "note": row.note,
        "checked_at": row.checked_at,
        "heading": _heading(row, place_of(previous)),
    }
    return {name: _as_text(value) for name, value in values.items() if value is not None}


def _heading(row: PageRow, before: Place | None) -> str | None:
    _, is_checked, is_other, group, *_ = row.place
    was_checked, was_other, group_before = (False, True, "") if before is None else before[1:4]
    if is_checked:
        return None if was_checked else "Bought"
    if (is_other, group) == (was_other, group_before):
        return None
    return "Other" if is_other else row.category


FORMS: Final[Mapping[Format, TextForm]] = {
    "json": TextForm(_json_beginning, _json_item, ",\n", "\n ]\n}\n", _cells),
    "csv": TextForm(_csv_beginning, _csv_item, "", "", _cells),
    "markdown": TextForm(_markdown_beginning, _markdown_item, "", "", _line),
    "text": TextForm(_text_beginning, _text_item, "", "", _line, "category"),
}
"""JSON is one object, whose items have the fields that are set. CSV (RFC 4180) has a header and a row for each item,
and no cell that can be run as a formula. Markdown is a heading and a task list, text plain lines by category, to paste
into a message; both show text as people typed it, never as markup."""


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


def place_of(previous: PageRow | Place | None) -> Place | None:
    """Return the place of the row before, which may be known by its place alone."""
    return previous.place if isinstance(previous, PageRow) else previous
