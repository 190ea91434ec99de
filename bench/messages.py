"""Requests as bytes, ready to be sent, and what an answer must be to count."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle, product, repeat
from typing import Any, Final

from bench.plan import OPEN_ITEMS, Call

# No name ends like the plural of another one.
LETTERS: Final = "bcdfghjklmpqtvw"
NAMES: Final = tuple("flour " + "".join(letters) for letters in product(LETTERS, repeat=4))
"""Names of one length, so that a request's Content-Length is known before its item is."""

ENDINGS: Final = tuple(" " + "".join(letters) for letters in product(LETTERS, repeat=2))
"""What tells the items of one call apart."""

PLACEHOLDER: Final = "flour ...."
DONE: Final = {"checked", "unchecked"}
CLIENT: Final = {"name": "bench", "version": "1"}


class WrongAnswer(Exception):
    """An answer that does not count; the argument says what came instead."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request with gaps for the name of its item, or of each of its items."""

    parts: tuple[bytes, ...]

    def naming(self, name: str) -> bytes:
        """The whole request."""
        return name.encode().join(self.parts)


def requests(call: Call, host: str, token: str, first_name: int = 0) -> Iterator[tuple[str, bytes]]:
    """Request after request with the name that it carries; each adds something new, or checks what is open.

    Names are used from number `first_name` on.
    """
    if call.operation == "check_items":
        checking, reopening = (message(call, host, token, checked=checked) for checked in (True, False))
        for name in cycle(NAMES[:OPEN_ITEMS]):
            yield name, checking.naming(name)
            yield name, reopening.naming(name)
    whole = message(call, host, token)
    if call.operation != "add_items":
        yield from repeat(("", whole.naming("")))
    for name in NAMES[first_name:]:
        yield name, whole.naming(name)


def message(call: Call, host: str, token: str, *, checked: bool = True) -> Message:
    """The HTTP request for a call, `Authorization` included."""
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
        return {"items": [f"2 kg {name}" for name in names_in(call, PLACEHOLDER)]}
    if call.operation == "add_items":
        # What the service makes of "2 kg flour".
        return {"name": PLACEHOLDER, "measure": "mass", "amount": 2000, "unit": "kg"}
    # Every list of the comparison has that many; where lists grow, a page stays a page.
    return {"limit": OPEN_ITEMS} if call.operation == "list_items" and call.phrases else {}


def names_in(call: Call, name: str) -> list[str]:
    """The names of the items that the call adds."""
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
    """Raises `WrongAnswer` unless the operation was really done: an HTTP 200 can carry a refusal."""
    try:
        answer: Any = json.loads(body) if status == 200 else None
        good = answer is not None and _is_success(call, name, answer)
    except (ValueError, LookupError, TypeError, AttributeError):
        good = False
    if not good:
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
        return added and [entry["name"] for entry in entries] == names_in(call, name)
    if call.operation == "check_items":
        (entry,) = result["results"]
        return entry["status"] in DONE and entry["name"] == name
    if call.operation == "list_items":
        return len({item["ref"] for item in result["items"]}) == OPEN_ITEMS
    return {"add_items", "list_items"} <= {tool["name"] for tool in result["tools"]}
