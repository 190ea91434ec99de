"""The lines of a receipt, as a call names them and as they are read."""

from dataclasses import dataclass
from decimal import Decimal

from app.errors import AppError, Invalid
from app.lists.items.fields import NAME_LENGTH, NOTE_LENGTH, parse_label, parse_price, parse_quantity
from app.lists.models import RefusedEntry
from app.quantities import Quantity, parse_phrase
from app.quantities.receipt_line import is_of_no_thing, read_receipt_line
from app.text import clean


@dataclass(frozen=True, slots=True)
class ReceiptEntry:
    """What was bought, in its parts; `price` is of the whole line."""

    item: str
    quantity: Decimal | None = None
    unit: str | None = None
    price: Decimal | None = None


AnyEntry = str | ReceiptEntry | RefusedEntry


@dataclass(frozen=True, slots=True)
class Line:
    """A line, read: the text that names an item, and what a purchase without one would be called."""

    said: str
    name: str
    quantity: Quantity | None
    price: Decimal | None


def text_of(entry: AnyEntry) -> str:
    """Return the text by which an entry is told apart from the others."""
    if isinstance(entry, ReceiptEntry):
        return entry.item
    return entry if isinstance(entry, str) else entry.name


def read_entry(entry: AnyEntry, number: int) -> Line | AppError:
    """Return an entry of a call, read, or its refusal."""
    field = f"items[{number}]"
    if isinstance(entry, RefusedEntry):
        return entry.refusal
    try:
        return _read_text(entry, field) if isinstance(entry, str) else _read_parts(entry, field)
    except AppError as refusal:
        return refusal


def _read_text(entry: str, field: str) -> Line:
    found = read_receipt_line(clean(entry, field, NAME_LENGTH + NOTE_LENGTH))
    if found.price is not None and is_of_no_thing(found.text):
        message = f"{field} names nothing that was bought, but a total, a payment, a tax or a count. Leave it out."
        raise Invalid(message, field=field)
    phrase = parse_phrase(found.text)
    quantity = phrase.quantity
    if found.number is not None and quantity is None:
        quantity = parse_quantity(found.number, None, field)
    elif found.number is not None and quantity is not None:
        quantity = quantity.times(found.number) or quantity
    return Line(found.text, clean(phrase.name, field, NAME_LENGTH), quantity, _price(found.price, field))


def _read_parts(entry: ReceiptEntry, field: str) -> Line:
    said = clean(entry.item, f"{field}.item", NAME_LENGTH + NOTE_LENGTH)
    phrase = parse_phrase(said)
    quantity = phrase.quantity
    unit = None if entry.unit is None else parse_label(entry.unit, f"{field}.unit")
    if entry.quantity is not None or unit is not None:
        number = Decimal(1) if entry.quantity is None else entry.quantity
        quantity = parse_quantity(number, unit, f"{field}.quantity")
    name = clean(phrase.name, f"{field}.item", NAME_LENGTH)
    return Line(said, name, quantity, _price(entry.price, f"{field}.price"))


def _price(price: Decimal | None, field: str) -> Decimal | None:
    if price is not None and price < 0:
        message = f"{field} is below zero: refunds and discounts are not recorded. Take it off the price of its item."
        raise Invalid(message, field=field)
    return None if price is None else parse_price(price, field)
