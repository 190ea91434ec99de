"""Times in arguments."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Strict
from pydantic_core import PydanticCustomError


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
