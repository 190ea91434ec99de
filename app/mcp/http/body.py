"""The body of an MCP request: read once, with bounds, and parsed the way the SDK's own parser does."""

import asyncio
import json
from typing import Any, Final, cast

from mcp_types import PARSE_ERROR
from starlette.types import Receive

from app.limits.defaults import BODY_SECONDS
from app.mcp.http.refusals import bad_request, body_refused

LARGEST_BODY: Final = 1024 * 1024
"""In bytes. 100 items with the longest notes are a fifth of it."""

LONGEST_KEY: Final = 80
"""Characters of a key that a message repeats."""


BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
"""Some programs begin UTF-8 with it; it is no part of the text (RFC 8259 section 8.1)."""

NOT_ENCODED: Final = frozenset({"", "identity"})


def refuse_encoded(encoding: str | None) -> None:
    """Raise `RequestRefused` for a compressed body (RFC 9110 sections 8.4 and 12.5.3): it may be endless once unpacked,
    and no body here is large enough to gain from it."""
    if (encoding or "").strip().lower() not in NOT_ENCODED:
        description = "The body is compressed (Content-Encoding); send it as it is, without that header."
        raise body_refused(415, "unsupported_content_encoding", description, {"Accept-Encoding": "identity"})


async def read_body(receive: Receive) -> bytes | None:
    """Return the whole body without a byte-order mark, or None if the client disconnected.

    Raises `RequestRefused` for more than LARGEST_BODY bytes or BODY_SECONDS.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return None
                body += message.get("body", b"")
                if len(body) > LARGEST_BODY:
                    description = f"The body is larger than {LARGEST_BODY:,} bytes; send fewer items at once."
                    raise body_refused(413, "content_too_large", description)
                if not message.get("more_body", False):
                    return bytes(body.removeprefix(BYTE_ORDER_MARK))
    except TimeoutError:
        raise body_refused(408, "request_timeout", "The body did not arrive in time; send it again.") from None


def parse_json(body: bytes) -> Any:
    """Return the JSON value; of duplicate keys the last one counts.

    Raises `RequestRefused`, which names the place of a lone surrogate: text that can't be encoded again would fail far
    from its sender.
    """
    try:
        value = json.loads(body.decode(), parse_constant=_refuse_constant)
        # Only escapes make surrogates. Encoding everything again in C is quicker than looking at each value.
        place = None if b"\\u" not in body or _is_unicode(json.dumps(value, ensure_ascii=False)) else _place_in(value)
    except (ValueError, RecursionError):
        raise bad_request("The body must be JSON text in UTF-8.", PARSE_ERROR) from None
    if place is not None:
        holder = place.lstrip(".") or "The body"
        message = f"{holder} holds a lone surrogate (half a character); send valid Unicode."
        raise bad_request(message, PARSE_ERROR)
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are not JSON (RFC 8259 section 6)


def _place_in(value: Any) -> str | None:
    """Return the path of the first lone surrogate, such as `.params.arguments.items[0]`, with keys cut short.

    The path is built on the way back, so that each part of a large value is looked at only once.
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
