"""The values of a row: what is typed in a cell, as the detail of an item."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, get_args

from app.errors import Invalid
from app.lists.items.fields import Priority, parse_label, parse_quantity
from app.quantities import LARGEST, Quantity, make_quantity, parse_phrase
from app.quantities.quantity import STEP
from app.text import fold, plain_number

_THING: Final = "item"
"""Stands for a name where an amount is read that has none."""

_NO_VALUES: Final = frozenset({"nan", "nat", "null", "none", "#n/a"})
_YES: Final = frozenset(
    ["true", "yes", "y", "x", "1", "ja", "j", "oui", "o", "si", "s", "wahr", "vrai", "verdadero", "✓", "✔", "☑"]
)
_NO: Final = frozenset(["false", "no", "n", "0", "nein", "non", "falsch", "faux", "falso", "☐"])
_PRIORITIES: Final = get_args(Priority)


def is_empty(value: object) -> bool:
    """Whether a value is as good as absent."""
    return value is None or (isinstance(value, str) and not value.strip())


def is_no_value(column: str, value: object) -> bool:
    """Whether a value stands for none, as programs write it where a number or a day is missing."""
    return column in _READERS and isinstance(value, str) and value.strip().casefold() in _NO_VALUES


def read_value(column: str, value: Any) -> Any:
    """Return the value of a column, not yet within its bounds. Raises `Invalid`, naming the column."""
    return _READERS.get(column, _read_text)(column, value)


def read_quantity(values: Mapping[str, Any]) -> Quantity | None:
    """Return the quantity in the values of a row. Raises `Invalid`, naming the column.

    `amount`, in the base unit of the unit, is exact, and `quantity` is what it says in that unit.
    """
    unit = parse_label(values["unit"], "unit") if "unit" in values else None
    quantity: Quantity | Decimal | None = values.get("quantity")
    if "amount" in values:
        return _exact_quantity(values["amount"], unit, quantity, values.get("measure"))
    if "measure" in values:
        raise Invalid("measure needs an amount", field="measure")
    if isinstance(quantity, Quantity):
        if unit is not None:
            raise Invalid("the unit is given twice, in quantity and in unit", field="quantity")
        return quantity
    if quantity is None and unit is None:
        return None
    return parse_quantity(Decimal(1) if quantity is None else quantity, unit, "quantity")


def _exact_quantity(
    amount: Decimal, unit: str | None, shown: Quantity | Decimal | None, measure: str | None
) -> Quantity:
    of_unit = make_quantity(Decimal(1), unit)
    if of_unit is None:
        raise Invalid("unit is not one that can be counted", field="unit")
    if measure is not None and measure != of_unit.measure:
        raise Invalid(f"measure must be {of_unit.measure} with this unit", field="measure")
    if not 0 < amount <= LARGEST or amount != amount.quantize(STEP):
        raise Invalid("amount must be above 0 and at most 100 billion, with at most six decimals", field="amount")
    exact = Quantity(of_unit.measure, amount.quantize(STEP), of_unit.unit)
    if shown is not None and shown != exact.shown:
        reason = f"quantity must be {exact.shown:f} with this amount; to change it, clear measure and amount"
        raise Invalid(reason, field="quantity")
    return exact


def _read_text(column: str, value: Any) -> str:
    if not isinstance(value, str):
        raise Invalid(f"{column} must be text", field=column)
    return value


def _read_number(column: str, value: Any) -> Decimal:
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, str):
        number = plain_number(value)
        if number is not None and number >= 0:
            return number
    raise Invalid(f"{column} must be a number such as 2.5", field=column)


def _read_amount(column: str, value: Any) -> Quantity | Decimal:
    """Return a number, or a quantity with its unit where people wrote one: `2 kg`."""
    try:
        return _read_number(column, value)
    except Invalid:
        phrase = parse_phrase(f"{value.strip()} {_THING}") if isinstance(value, str) and len(value) <= 100 else None
        if phrase is None or phrase.name != _THING or phrase.quantity is None or phrase.note is not None:
            raise Invalid(f"{column} must be a number such as 2.5, or an amount such as 2 kg", field=column) from None
        return phrase.quantity


def _read_days(column: str, value: Any) -> int:
    number = _read_number(column, value)
    if number.copy_abs() > LARGEST or number != number.to_integral_value():
        raise Invalid(f"{column} must be a whole number of days", field=column)
    return int(number)


def _read_priority(column: str, value: Any) -> str:
    found = fold(value) if isinstance(value, str) and len(value) <= 100 else ""
    if found not in _PRIORITIES:
        raise Invalid(f"{column} must be {' or '.join(_PRIORITIES)}", field=column)
    return found


def _read_day(column: str, value: Any) -> date:
    try:
        return date.fromisoformat(value.strip())
    except (ValueError, AttributeError):
        raise Invalid(f"{column} must be a day such as 2026-12-24", field=column) from None


def _read_time(column: str, value: Any) -> datetime:
    try:
        time = datetime.fromisoformat(value.strip())
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, AttributeError, OverflowError):
        raise Invalid(f"{column} must be a time such as 2026-12-24T18:00:00+00:00", field=column) from None


def _read_box(column: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = fold(value) if isinstance(value, str) and len(value) <= 100 else str(value) if value in (0, 1) else ""
    if text not in _YES and text not in _NO:
        raise Invalid(f"{column} must be yes or no", field=column)
    return text in _YES


_READERS: Final[Mapping[str, Callable[[str, Any], Any]]] = {
    "quantity": _read_amount,
    "amount": _read_number,
    "price": _read_number,
    "priority": _read_priority,
    "not_before": _read_day,
    "repeat_every_days": _read_days,
    "checked_at": _read_time,
    "checked": _read_box,
    "bought_on": _read_day,
}
"""How to read the columns that are not text."""
