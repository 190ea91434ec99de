"""Rows as entries: each value is read and bounded, and what can't be used is a fault."""

from typing import Any

from app.errors import AppError, Invalid
from app.lists.importing.models import Document, Entry, Fault, Faults, Row
from app.lists.importing.values import is_empty, is_no_value, read_quantity, read_value
from app.lists.items.add import note_beside, parse_line
from app.lists.items.fields import DETAILS, NAME_LENGTH, ParsedItem
from app.quantities import parse_phrase
from app.runtime.progress import STEP
from app.text import clean


class RowReader:
    """The rows of a document, read part by part: an entry for each that can be used, and the faults of the others."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.entries: list[Entry] = []
        self.faults = Faults()
        self.failed = 0
        """How many rows have faults."""
        self.names_members = self.has_prices = False

    def read(self, start: int) -> None:
        """Read STEP rows from `start` on. May take long: not for the event loop."""
        for number, row in enumerate(self._document.rows[start : start + STEP], start):
            found = _read_row(self._document, row, number)
            if isinstance(found, Entry):
                _ = found.item.name_key, found.item.note_key  # kept with the item, so that nobody waits for them later
                self.names_members |= found.assignee is not None
                self.has_prices |= found.item.price is not None
                self.entries.append(found)
            elif found is not None:
                self.faults.add(*found)
                self.failed += 1


def _read_row(document: Document, row: Row, number: int) -> Entry | list[Fault] | None:
    """Return an entry, or its faults; None for a row without any value."""
    if row.fault is not None:
        return [Fault(number, row.fault)]
    if row.phrase is not None:
        try:
            return Entry(number, parse_line(row.phrase, "the line"), is_checked=row.is_checked)
        except AppError as refusal:
            return [Fault(number, refusal.message)]
    values, faults = _read_values(document, row, number)
    if not values and not faults:
        document.left_out["empty_rows"] += 1
        return None
    if "name" not in values and not any(each.field == "name" for each in faults):
        faults.append(Fault(number, "the row has no name"))
    if row.is_purchase and "bought_on" not in values and not any(each.field == "bought_on" for each in faults):
        faults.append(Fault(number, "the purchase has no day"))
    if faults:
        return faults
    try:
        return _entry(document, values, number)
    except AppError as refusal:
        return [Fault(number, refusal.message, refusal.field)]


def _read_values(document: Document, row: Row, number: int) -> tuple[dict[str, Any], list[Fault]]:
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for column, value in row.cells.items():
        if is_empty(value):
            document.left_out["empty_values"] += 1
        elif is_no_value(column, value):
            document.left_out["empty_values"] += 1
            document.repair(number, column, f"{value.strip()} is not a value: leave it out")
        else:
            try:
                values[column] = read_value(column, value)
            except Invalid as refusal:
                faults.append(Fault(number, refusal.message, column))
    for detail in DETAILS:
        if detail.parse is not None and detail.word in values:
            try:
                values[detail.word] = detail.parse(values[detail.word], detail.word)
            except AppError as refusal:
                faults.append(Fault(number, refusal.message, detail.word))
    return values, faults


def _entry(document: Document, values: dict[str, Any], number: int) -> Entry:
    details = {each.name: values[each.word] for each in DETAILS if each.word in values and each.name != "assignee_id"}
    details.pop("quantity", None)
    name, note, quantity = details.pop("name"), details.pop("note", None), read_quantity(values)
    if quantity is None and not document.has_quantities:
        phrase = parse_phrase(name)
        quantity, note = phrase.quantity, note_beside(phrase.note, note, "note")
        name = name if phrase.name == name else clean(phrase.name, "name", NAME_LENGTH)
    checked_at = values.get("checked_at")
    is_checked = values.get("checked", checked_at is not None)
    if checked_at is not None and not is_checked:
        raise Invalid("checked is no, but checked_at has a time", field="checked")
    item = ParsedItem(name, quantity=quantity, note=note, **details)
    return Entry(number, item, values.get("assignee"), is_checked, checked_at, values.get("bought_on"))
