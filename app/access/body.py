"""The body of an MCP request, read once: bounded, and parsed the way the SDK's own parser does."""

import asyncio
import json
from typing import Any, Final, cast

from starlette.types import Receive

from app.ops.requests import BODY_SECONDS

LARGEST_BODY: Final = 1024 * 1024
"""Bytes. 100 items with the longest notes are a fifth of it."""


class BodyTooLarge(Exception):
    """More than LARGEST_BODY bytes."""


class BodyTooSlow(Exception):
    """It took longer than BODY_SECONDS."""


class NotJson(Exception):
    """The body is no JSON text; the argument says so in words for the sender."""


async def read_body(receive: Receive) -> bytes | None:
    """The whole body, or None when the sender went away. Raises `BodyTooLarge` and `BodyTooSlow`."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read(receive)
    except TimeoutError:
        raise BodyTooSlow from None


async def _read(receive: Receive) -> bytes | None:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            raise BodyTooLarge
        if not message.get("more_body", False):
            return bytes(body)


def parse_json(body: bytes) -> Any:
    """The JSON value; of duplicate keys the last one counts. Raises `NotJson`, naming the place of a lone surrogate.

    Text that can't be encoded again would fail far from its sender, so it is refused here.
    """
    try:
        value = json.loads(body.decode(), parse_constant=_refuse_constant)
        place = _lone_surrogate(value, "") if b"\\u" in body else None
    except (ValueError, RecursionError):
        raise NotJson("The body must be JSON text in UTF-8.") from None
    if place is not None:
        raise NotJson(f"{place} holds a lone surrogate (half a character); send valid Unicode.")
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are no JSON (RFC 8259 section 6)


def _lone_surrogate(value: Any, place: str) -> str | None:
    """Where in a parsed value the first lone surrogate is, as a path such as `params.arguments.items[0]`."""
    if isinstance(value, str):
        return (place or "The body") if not _is_unicode(value) else None
    if isinstance(value, list):
        entries = cast("list[Any]", value)
        places = (_lone_surrogate(each, f"{place}[{number}]") for number, each in enumerate(entries))
        return next((found for found in places if found is not None), None)
    if isinstance(value, dict):
        for key, each in cast("dict[str, Any]", value).items():
            name = f"{place}.{key}".lstrip(".") if _is_unicode(key) else None
            if name is None:
                return f"A key in {place or 'the body'}"
            if (found := _lone_surrogate(each, name)) is not None:
                return found
    return None


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
