"""Numbers in arguments and results: exact inside, plain JSON numbers on the wire."""

from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Strict, WithJsonSchema
from pydantic_core import PydanticCustomError


def exact(value: object) -> Decimal:
    """A JSON number as people wrote it: `str` of a float is its shortest form, so 0.1 is exactly 0.1."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if is_whole or (isinstance(value, float) and isfinite(value)):
        return Decimal(str(value))
    raise PydanticCustomError("float_type", "not a finite number")


Number = Annotated[Decimal, BeforeValidator(exact), WithJsonSchema({"type": "number"})]
"""An argument that is a number."""


def as_number(value: Decimal) -> float | int:
    """A JSON number; whole ones without a fraction."""
    return int(value) if value == value.to_integral_value() else float(value)


def _text_only(value: object) -> object:
    # A number would pass for seconds since 1970, which nobody means.
    if isinstance(value, str):
        return value
    raise PydanticCustomError("datetime_type", "not a text")


def _in_utc(value: datetime) -> datetime:
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("datetime_parsing", "beyond the calendar") from None


Time = Annotated[datetime, Strict(False), BeforeValidator(_text_only), AfterValidator(_in_utc)]
"""An argument that is a date or a time as RFC 3339 writes them; UTC where it names no offset."""
