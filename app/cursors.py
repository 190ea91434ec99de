"""Cursors: where the next page starts, in a form that nobody is tempted to read.

A cursor only says where to go on. What may be seen is decided anew by every query, so it needs no seal.
"""

import base64
import binascii
import json
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from app.errors import Invalid

Place = TypeVar("Place")


def make_cursor(place: object) -> str:
    """A cursor that holds `place`, plain JSON values."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def read_cursor(cursor: str, kind: TypeAdapter[Place]) -> Place:
    """The place in a cursor. Raises `Invalid` when it is none of ours."""
    try:
        return kind.validate_json(base64.urlsafe_b64decode(cursor.encode("ascii") + b"=="))
    except (UnicodeEncodeError, binascii.Error, ValidationError):
        message = "cursor is not one that this tool gave. Leave it out to start at the top."
        raise Invalid(message, field="cursor") from None
