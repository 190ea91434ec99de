"""The body of an MCP request, read once: bounded, and parsed the way the SDK's own parser does."""

import asyncio
import json
from typing import Any, Final, cast

from starlette.types import Receive

from app.runtime.requests import BODY_SECONDS

LARGEST_BODY: Final = 1024 * 1024
"""Bytes. 100 items with the longest notes are a fifth of it."""

LONGEST_KEY: Final = 80
"""Characters of a key that are said again."""


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
        # Escapes alone bring surrogates. Writing it all once more in C is quicker than looking at each value.
        place = None if b"\\u" not in body or _is_unicode(json.dumps(value, ensure_ascii=False)) else _place_in(value)
    except (ValueError, RecursionError):
        raise NotJson("The body must be JSON text in UTF-8.") from None
    if place is not None:
        raise NotJson(
            f"{place.lstrip('.') or 'The body'} holds a lone surrogate (half a character); send valid Unicode."
        )
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are no JSON (RFC 8259 section 6)


def _place_in(value: Any) -> str | None:
    """Where in a value the first lone surrogate is, as a path such as `.params.arguments.items[0]`; keys are cut short.

    The path is put together on the way back, so that a large value costs no more than one look at each part.
    """
    if isinstance(value, str):
        return None if _is_unicode(value) else ""
    if isinstance(value, list):
        for number, each in enumerate(cast("list[Any]", value)):
            if (below := _place_in(each)) is not None:
                return f"[{number}]{below}"
    elif isinstance(value, dict):
        for key, each in cast("dict[str, Any]", value).items():
            if not _is_unicode(key):
                return "[a key]"
            if (below := _place_in(each)) is not None:
                return f".{key[:LONGEST_KEY]}{below}"
    return None


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
