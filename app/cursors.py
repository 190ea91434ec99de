"""Cursors: opaque texts that say where the next page starts.

A cursor is not signed: it grants nothing, because every query checks anew what its caller may see.
"""

import base64
import binascii
import json
from typing import Annotated, Final, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from app.errors import Invalid

Place = TypeVar("Place")

NAME_KEY: Final = TypeAdapter[str](Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")])
"""The place of pages in the order of folded names: that of the last thing on one."""


def make_cursor(place: object) -> str:
    """Return a cursor that holds `place`, plain JSON values."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def read_cursor(cursor: str, kind: TypeAdapter[Place]) -> Place:
    """Return the place in a cursor. Raises `Invalid` when `make_cursor` did not make it."""
    try:
        return kind.validate_json(base64.urlsafe_b64decode(cursor.encode("ascii") + b"=="))
    except (UnicodeEncodeError, binascii.Error, ValidationError):
        message = "cursor did not come from this service. Leave it out to start at the top."
        raise Invalid(message, field="cursor") from None
