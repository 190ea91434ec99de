"""Types that arguments and results of several tools share. Numbers are exact inside, and plain JSON outside."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from math import isfinite
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, Strict, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.lists.models import ITEMS_PER_CALL


def _exact_decimal(value: object) -> Decimal:
    # `str` of a float is its shortest form, as people wrote it, so that 0.1 is exactly 0.1.
    if isinstance(value, Decimal):
        return value
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if is_whole or (isinstance(value, float) and isfinite(value)):
        return Decimal(str(value))
    raise PydanticCustomError("float_type", "not a finite number")


Number = Annotated[Decimal, BeforeValidator(_exact_decimal), WithJsonSchema({"type": "number"})]
"""An argument that is a number."""


def as_number(value: Decimal) -> float | int:
    """Return a JSON number; a whole one has no fraction."""
    return int(value) if value == value.to_integral_value() else float(value)


def _only_text(value: object) -> object:
    # A number would pass for seconds since 1970, which nobody means.
    if isinstance(value, str):
        return value
    raise PydanticCustomError("datetime_type", "not a text")


def _inside_the_calendar(value: datetime) -> datetime:
    # Whatever the time zone of a household is, the time can be expressed in UTC.
    for zone in (value.tzinfo,) if value.tzinfo is not None else _OUTERMOST:
        try:
            value.replace(tzinfo=zone).astimezone(UTC)
        except OverflowError:
            raise PydanticCustomError("datetime_parsing", "outside the calendar") from None
    return value


_OUTERMOST: Final = (timezone(timedelta(hours=-24, minutes=1)), timezone(timedelta(hours=24, minutes=-1)))

Time = Annotated[
    datetime,
    Strict(False),
    BeforeValidator(_only_text),
    AfterValidator(_inside_the_calendar),
    WithJsonSchema({"type": "string"}),
]
"""An argument that is a date or a time as in RFC 3339, so that neither format of JSON Schema says which; in the
household's time zone unless it names an offset."""


def _day_as_text(value: object) -> object:
    if isinstance(value, str):
        return value
    raise PydanticCustomError("date_type", "not a text")


Day = Annotated[date, Strict(False), BeforeValidator(_day_as_text)]
"""An argument that is a day of the household's calendar."""


def in_zone(value: datetime | None, zone: ZoneInfo) -> datetime | None:
    """Return an argument as a moment."""
    return value.replace(tzinfo=zone) if value is not None and value.tzinfo is None else value


OBJECT: Final[dict[str, Any]] = {"type": "object"}
"""All that the schema of a result says of an object whose parts speak for themselves in an answer."""

OBJECTS: Final[dict[str, Any]] = {"type": "array", "items": {"type": "object"}}
"""All that the schema of a result says of a list whose entries are described elsewhere in it, or by themselves."""

AllOrNothing = Annotated[bool, Field(description="All entries or none")]

ItemNames = Annotated[
    list[str],
    Field(
        description="Names or refs",
        min_length=1,
        max_length=ITEMS_PER_CALL,
    ),
]
ListOfNames = Annotated[str | None, Field(description="Name or ref; default list if left out", max_length=200)]
"""The list that the names in `ItemNames` are on."""
