"""Requests as bytes, ready to be sent, and the check that a response is a success."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle, product, repeat
from typing import Any, Final

from bench.plan import OPEN_ITEMS, Call

# No name is the plural of another.
LETTERS: Final = "bcdfghjklmpqtvw"
NAMES: Final = tuple("flour " + "".join(letters) for letters in product(LETTERS, repeat=4))
"""Names of the same length, so that a request's Content-Length is known before its item."""

ENDINGS: Final = tuple(" " + "".join(letters) for letters in product(LETTERS, repeat=2))
"""Suffixes that distinguish the items of one call."""

PLACEHOLDER: Final = "flour ...."
DONE: Final = {"checked", "unchecked"}
CLIENT: Final = {"name": "bench", "version": "1"}


class WrongAnswer(Exception):
    """A response that doesn't count; the argument says what it was."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request with gaps for the names of its items."""

    parts: tuple[bytes, ...]

    def with_name(self, name: str) -> bytes:
        """Return the complete request."""
        return name.encode().join(self.parts)


def requests(call: Call, host: str, token: str, first_name: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield requests with the item name in each; they add new items, or check and uncheck the same ones in turn.

    Names are used from number `first_name` on.
    """
    if call.operation == "check_items":
        checking, reopening = (message(call, host, token, checked=checked) for checked in (True, False))
        for name in cycle(NAMES[:OPEN_ITEMS]):
            yield name, checking.with_name(name)
            yield name, reopening.with_name(name)
    whole = message(call, host, token)
    if call.operation != "add_items":
        yield from repeat(("", whole.with_name("")))
    for name in NAMES[first_name:]:
        yield name, whole.with_name(name)


def message(call: Call, host: str, token: str, *, checked: bool = True) -> Message:
    """Return the HTTP request of a call, including `Authorization`."""
    arguments = _arguments(call, checked=checked)
    body = json.dumps(arguments if call.dialect == "plain" else _rpc(call, arguments)).encode()
    headers = {
        "Host": host,
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "Content-Length": str(len(body)),
        **({} if call.dialect == "plain" else _routing(call)),
    }
    path = f"/{call.operation}" if call.dialect == "plain" else "/mcp"
    head = "\r\n".join([f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""])
    return Message(tuple((head.encode() + body).split(PLACEHOLDER.encode())))


def _arguments(call: Call, *, checked: bool) -> dict[str, object]:
    if call.operation == "check_items":
        what: dict[str, object] = {"items": [PLACEHOLDER]} if call.phrases else {"name": PLACEHOLDER}
        return {**what, "checked": checked}
    if call.operation == "add_items" and call.phrases:
        return {"items": [f"2 kg {name}" for name in item_names(call, PLACEHOLDER)]}
    if call.operation == "add_items":
        # What the service parses "2 kg flour" into.
        return {"name": PLACEHOLDER, "measure": "mass", "amount": 2000, "unit": "kg"}
    # Every list of the comparisons has this many items; longer lists are read by the page.
    return {"limit": OPEN_ITEMS} if call.operation == "list_items" and call.phrases else {}


def item_names(call: Call, name: str) -> list[str]:
    """Return the names of the items that the call adds."""
    return [name] if call.items == 1 else [name + ending for ending in ENDINGS[: call.items]]


def _rpc(call: Call, arguments: dict[str, object]) -> dict[str, object]:
    params: dict[str, object] = {}
    method = call.operation
    if call.operation != "tools/list":
        method = "tools/call"
        params = {"name": call.operation, "arguments": arguments}
    if call.dialect == "2026-07-28":
        params["_meta"] = {
            "io.modelcontextprotocol/protocolVersion": call.dialect,
            "io.modelcontextprotocol/clientInfo": CLIENT,
            "io.modelcontextprotocol/clientCapabilities": {},
        }
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


def _routing(call: Call) -> dict[str, str]:
    version = {"MCP-Protocol-Version": call.dialect}
    if call.dialect != "2026-07-28":
        return version
    if call.operation == "tools/list":
        return {**version, "Mcp-Method": call.operation}
    return {**version, "Mcp-Method": "tools/call", "Mcp-Name": call.operation}


def check(call: Call, name: str, status: int, body: bytes) -> None:
    """Raise `WrongAnswer` unless the operation really succeeded: an HTTP 200 can contain a refusal."""
    try:
        answer: Any = json.loads(body) if status == 200 else None
        is_success = answer is not None and _is_success(call, name, answer)
    except (ValueError, LookupError, TypeError, AttributeError):
        is_success = False
    if not is_success:
        what = f"{call.operation} ({call.dialect})"
        raise WrongAnswer(f"{what} was answered with {status} {body[:500].decode(errors='replace')}")


def _is_success(call: Call, name: str, answer: Any) -> bool:
    if call.dialect == "plain":
        return _has_shape(call, name, answer)
    result: Mapping[str, Any] = answer["result"]
    if result.get("isError", False) or (call.dialect == "2026-07-28" and result["resultType"] != "complete"):
        return False
    return _has_shape(call, name, result if call.operation == "tools/list" else result["structuredContent"])


def _has_shape(call: Call, name: str, result: Any) -> bool:
    if call.operation == "add_items":
        entries = result["results"]
        added = all(entry["status"] == "added" and entry["ref"].startswith("i") for entry in entries)
        return added and [entry["name"] for entry in entries] == item_names(call, name)
    if call.operation == "check_items":
        (entry,) = result["results"]
        return entry["status"] in DONE and entry["name"] == name
    if call.operation == "list_items":
        return len({item["ref"] for item in result["items"]}) == OPEN_ITEMS
    return {"add_items", "list_items"} <= {tool["name"] for tool in result["tools"]}
