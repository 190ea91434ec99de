"""Requests as bytes, ready to be sent, and the check that a response is a success."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count, cycle, product, repeat
from typing import Any, Final

from bench.plan import OPEN_ITEMS, REMOVED, Call, Operation

# No name is the plural of another.
LETTERS: Final = "bcdfghjklmpqtvw"
PLACE: Final = len(LETTERS)
NAME_LETTERS: Final = 7

ENDINGS: Final = tuple(" " + "".join(letters) for letters in product(LETTERS, repeat=2))
"""Suffixes that distinguish the items of one call."""

PLACEHOLDER: Final = "flour " + NAME_LETTERS * "."
TWO_WAYS: Final = frozenset({"check_items", "update_items"})
"""Operations that change an item, and change it back in the next call."""

STATUSES: Final[Mapping[str, frozenset[str]]] = {
    "add_items": frozenset({"added"}),
    "merge_items": frozenset({"merged"}),
    "update_items": frozenset({"updated"}),
    "check_items": frozenset({"checked", "unchecked"}),
}
"""What the entries of a successful change say."""

CLIENT: Final = {"name": "bench", "version": "1"}
NEWEST: Final = "2026-07-28"
META: Final = {
    "io.modelcontextprotocol/protocolVersion": NEWEST,
    "io.modelcontextprotocol/clientInfo": CLIENT,
    "io.modelcontextprotocol/clientCapabilities": {},
}


class WrongAnswer(Exception):
    """A response that doesn't count; the argument says what it was."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request with gaps for the names of its items."""

    parts: tuple[bytes, ...]

    def with_name(self, name: str) -> bytes:
        """Return the complete request."""
        return name.encode().join(self.parts)


def item_name(number: int) -> str:
    """Return a name; all have the same length, so that a request's Content-Length is known before its item."""
    letters: list[str] = []
    for _ in range(NAME_LETTERS):
        number, digit = divmod(number, PLACE)
        letters.append(LETTERS[digit])
    return "flour " + "".join(reversed(letters))


def requests(call: Call, host: str, token: str, first_name: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield requests with the item name in each; they add items from number `first_name` on, or change the first ones
    in turn, there and back.
    """
    ways = (True, False) if call.operation in TWO_WAYS else (True,)
    messages = [message(call, host, token, there=there) for there in ways]
    for name in _names(call.operation, first_name):
        for each in messages:
            yield name, each.with_name(name)


def _names(operation: Operation, first_name: int) -> Iterator[str]:
    if operation == "add_items":
        return map(item_name, count(first_name))
    if operation in STATUSES:
        return cycle(map(item_name, range(OPEN_ITEMS)))
    return repeat("")


def message(call: Call, host: str, token: str, *, there: bool = True) -> Message:
    """Return the HTTP request of a call, including `Authorization`."""
    arguments = _arguments(call, there=there)
    return _message(call, host, token, arguments if call.dialect == "plain" else _rpc(call, arguments))


def tool_request(host: str, token: str, tool: str, arguments: Mapping[str, object]) -> bytes:
    """Return the HTTP request of any call of a tool, in the newest dialect."""
    params = {"name": tool, "arguments": arguments, "_meta": META}
    rpc = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    headers = {"MCP-Protocol-Version": NEWEST, "Mcp-Method": "tools/call", "Mcp-Name": tool}
    return _http("/mcp", host, token, headers, json.dumps(rpc).encode())


def _message(call: Call, host: str, token: str, content: object) -> Message:
    path, headers = (f"/{call.operation}", {}) if call.dialect == "plain" else ("/mcp", _routing(call))
    whole = _http(path, host, token, headers, json.dumps(content).encode())
    return Message(tuple(whole.split(PLACEHOLDER.encode())))


def _http(path: str, host: str, token: str, more: Mapping[str, str], body: bytes) -> bytes:
    headers = {
        "Host": host,
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "Content-Length": str(len(body)),
        **more,
    }
    head = "\r\n".join([f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""])
    return head.encode() + body


def _arguments(call: Call, *, there: bool) -> dict[str, object]:
    # What the service parses "2 kg flour" into.
    parts: dict[str, object] = {"name": PLACEHOLDER, "measure": "mass", "amount": 2000 if there else 1000, "unit": "kg"}
    match call.operation:
        case "check_items":
            return {"items": [PLACEHOLDER], "checked": there} if call.phrases else {**parts, "checked": there}
        case "update_items":
            return {"items": [{"item": PLACEHOLDER, "quantity": 1 if there else 2}]} if call.phrases else parts
        case "add_items" | "merge_items":
            phrases = [f"2 kg {name}" for name in item_names(call, PLACEHOLDER)]
            return {"items": phrases} if call.phrases else parts
        case "list_items":
            # Every list of the comparisons has this many items; longer lists are read by the page.
            return {"limit": OPEN_ITEMS} if call.phrases else {}
        case _:
            return {}


def item_names(call: Call, name: str) -> list[str]:
    """Return the names of the items that the call adds."""
    return [name] if call.items == 1 else [name + ending for ending in ENDINGS[: call.items]]


def _rpc(call: Call, arguments: dict[str, object]) -> dict[str, object]:
    is_list = call.operation == "tools/list"
    params: dict[str, object] = {} if is_list else {"name": call.tool, "arguments": arguments}
    if call.dialect == NEWEST:
        params["_meta"] = META
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/list" if is_list else "tools/call", "params": params}


def _routing(call: Call) -> dict[str, str]:
    version = {"MCP-Protocol-Version": call.dialect}
    if call.dialect != NEWEST:
        return version
    if call.operation == "tools/list":
        return {**version, "Mcp-Method": call.operation}
    return {**version, "Mcp-Method": "tools/call", "Mcp-Name": call.tool}


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


def undo_ref_of(tool: str, status: int, body: bytes) -> str:
    """Return the `undo_ref` of a call that changed REMOVED items. Raises `WrongAnswer` if it changed fewer."""
    try:
        result = json.loads(body)["result"]["structuredContent"]
        if sum(result["counts"].values()) == REMOVED and len(result["counts"]) == 1:
            return result["undo_ref"]
    except (ValueError, LookupError, TypeError):
        pass
    raise WrongAnswer(f"{tool} was answered with {status} {body[:500].decode(errors='replace')}")


def _is_success(call: Call, name: str, answer: Any) -> bool:
    if call.dialect == "plain":
        return _has_shape(call, name, answer)
    result: Mapping[str, Any] = answer["result"]
    if result.get("isError", False) or (call.dialect == NEWEST and result["resultType"] != "complete"):
        return False
    return _has_shape(call, name, result if call.operation == "tools/list" else result["structuredContent"])


def _has_shape(call: Call, name: str, result: Any) -> bool:
    if call.operation in STATUSES:
        entries = result["results"]
        done = all(entry["status"] in STATUSES[call.operation] and entry["ref"].startswith("i") for entry in entries)
        return done and [entry["name"] for entry in entries] == item_names(call, name)
    if call.operation == "list_items":
        return len({item["ref"] for item in result["items"]}) == OPEN_ITEMS
    return {"add_items", "list_items"} <= {tool["name"] for tool in result["tools"]}
