"""Requests as bytes, ready to be sent, and what an answer must be to count."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from string import ascii_lowercase
from typing import Any, Final

from bench.plan import OPEN_ITEMS, Dialect, Operation

NAMES: Final = tuple("flour " + "".join(letters) for letters in product(ascii_lowercase, repeat=4))
"""Names of one length, so that a request's Content-Length is known before its item is."""

PLACEHOLDER: Final = "flour ...."
CLIENT: Final = {"name": "bench", "version": "1"}


class WrongAnswer(Exception):
    """An answer that does not count; the argument says what came instead."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request with a gap for the item's name."""

    before: bytes
    after: bytes
    varies: bool

    def naming(self, name: str) -> bytes:
        """The whole request."""
        return self.before + name.encode() + self.after if self.varies else self.before


def message(dialect: Dialect, operation: Operation, host: str, token: str) -> Message:
    """The HTTP request for an operation, `Authorization` included."""
    body = json.dumps(_plain(operation) if dialect == "plain" else _rpc(dialect, operation)).encode()
    headers = {
        "Host": host,
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "Content-Length": str(len(body)),
        **({} if dialect == "plain" else _routing(dialect, operation)),
    }
    path = f"/{operation}" if dialect == "plain" else "/mcp"
    head = "\r\n".join([f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""])
    before, gap, after = (head.encode() + body).partition(PLACEHOLDER.encode())
    return Message(before, after, bool(gap))


def _plain(operation: Operation) -> dict[str, object]:
    if operation != "add_items":
        return {}
    # What the service makes of "2 kg flour": the limit reads no phrases.
    return {"name": PLACEHOLDER, "measure": "mass", "amount": 2000, "unit": "kg"}


def _rpc(dialect: Dialect, operation: Operation) -> dict[str, object]:
    params: dict[str, object] = {}
    method = operation
    if operation != "tools/list":
        method = "tools/call"
        arguments = {"items": [f"2 kg {PLACEHOLDER}"]} if operation == "add_items" else {}
        params = {"name": operation, "arguments": arguments}
    if dialect == "2026-07-28":
        params["_meta"] = {
            "io.modelcontextprotocol/protocolVersion": dialect,
            "io.modelcontextprotocol/clientInfo": CLIENT,
            "io.modelcontextprotocol/clientCapabilities": {},
        }
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


def _routing(dialect: Dialect, operation: Operation) -> dict[str, str]:
    version = {"MCP-Protocol-Version": dialect}
    if dialect != "2026-07-28":
        return version
    if operation == "tools/list":
        return {**version, "Mcp-Method": operation}
    return {**version, "Mcp-Method": "tools/call", "Mcp-Name": operation}


def check(dialect: Dialect, operation: Operation, name: str, status: int, body: bytes) -> None:
    """Raises `WrongAnswer` unless the operation was really done: an HTTP 200 can carry a refusal."""
    try:
        answer: Any = json.loads(body) if status == 200 else None
        good = answer is not None and _is_success(dialect, operation, name, answer)
    except (ValueError, LookupError, TypeError, AttributeError):
        good = False
    if not good:
        raise WrongAnswer(f"{operation} ({dialect}) was answered with {status} {body[:500].decode(errors='replace')}")


def _is_success(dialect: Dialect, operation: Operation, name: str, answer: Any) -> bool:
    if dialect == "plain":
        return _has_shape(operation, name, answer)
    result: Mapping[str, Any] = answer["result"]
    if result.get("isError", False) or (dialect == "2026-07-28" and result["resultType"] != "complete"):
        return False
    return _has_shape(operation, name, result if operation == "tools/list" else result["structuredContent"])


def _has_shape(operation: Operation, name: str, result: Any) -> bool:
    if operation == "add_items":
        (entry,) = result["results"]
        return entry["status"] == "added" and entry["name"] == name and entry["ref"].startswith("i")
    if operation == "list_items":
        return len({item["ref"] for item in result["items"]}) == OPEN_ITEMS
    return {"add_items", "list_items"} <= {tool["name"] for tool in result["tools"]}
