"""Requests of every kind to an MCP endpoint, good ones and bad ones, as they are written on the wire."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mcp_types import (
    CLIENT_CAPABILITIES_META_KEY,
    CLIENT_INFO_META_KEY,
    LOG_LEVEL_META_KEY,
    PROTOCOL_VERSION_META_KEY,
)

from tests.mcp.client import MODERN, Era

REVISIONS: tuple[Era, ...] = (MODERN, "2025-11-25", "2025-06-18", "2025-03-26")
ACCEPT = "application/json, text/event-stream"
LONG = 3_000

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Case:
    """A request, without its token; `is_short` says whether it passes the SDK's transport by."""

    name: str
    body: bytes
    headers: Headers
    is_short: bool = False


def deeply_nested(revision: Era) -> Case:
    """Return a call with arguments that only some parsers read to the end."""
    return _Writer(revision).nested(300)


def corpus(revision: Era) -> list[Case]:
    """Return the requests of one revision, in an order in which they may be sent: some change the list."""
    writer = _Writer(revision)
    return [
        *writer.tools(),
        *writer.ids(),
        *writer.methods(),
        *writer.params(),
        *writer.metas(),
        *writer.envelopes(),
        *writer.headers(),
        *writer.bodies(),
    ]


@dataclass(frozen=True)
class _Writer:
    revision: Era

    @property
    def is_modern(self) -> bool:
        return self.revision == MODERN

    def meta(self) -> dict[str, Any]:
        """`_meta` as a client sends it."""
        if not self.is_modern:
            return {}
        return {
            PROTOCOL_VERSION_META_KEY: self.revision,
            CLIENT_CAPABILITIES_META_KEY: {},
            CLIENT_INFO_META_KEY: {"name": "corpus", "version": "1"},
        }

    def call(self, tool: Any = "list_items", arguments: Any = None, **params: Any) -> dict[str, Any]:
        """The params of a call."""
        return {
            "name": tool,
            "arguments": arguments or {},
            **({"_meta": self.meta()} if self.is_modern else {}),
            **params,
        }

    def message(self, params: Any, method: Any = "tools/call", **members: Any) -> dict[str, Any]:
        """A request."""
        return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params, **members}

    def named(self, method: str = "tools/call", name: str | None = "list_items") -> Headers:
        """The headers that a client sends with it."""
        headers = [("Content-Type", "application/json"), ("Accept", ACCEPT), ("MCP-Protocol-Version", self.revision)]
        if self.is_modern:
            headers += [("Mcp-Method", method), *([("Mcp-Name", name)] if name is not None else [])]
        return headers

    def case(self, name: str, message: object, headers: Headers | None = None, *, is_short: bool = False) -> Case:
        """A request whose body is JSON; by default it has the headers of a call of list_items."""
        return Case(name, json.dumps(message).encode(), headers or self.named(), is_short)

    def listing(self, params: Any, headers: Headers | None = None, *, is_short: bool = False) -> Case:
        message = self.message(params, "tools/list")
        return self.case(f"tools/list {params}", message, headers or self.named("tools/list", None), is_short=is_short)

    def tools(self) -> Iterator[Case]:
        """Calls of tools with good and bad arguments."""
        calls: list[tuple[str, Mapping[str, Any]]] = [
            ("add_items", {"items": ["milk", "2 kg flour", "3x crème fraîche 🧀", "0.1 l oil"]}),
            ("add_items", {"items": [{"name": "sugar", "quantity": 12345678901.5, "unit": "g"}]}),
            ("add_items", {"items": [{"name": "salt", "quantity": 1e308}]}),
            ("add_items", {"items": [{"name": "salt", "quantity": 10**30}]}),
            ("add_items", {"items": ["milk", "", "a" * 500]}),
            ("add_items", {"items": ["milk", ""], "all_or_nothing": True}),
            ("add_items", {"items": ["tea"], "idempotency_key": "one"}),
            ("add_items", {"items": ["tea"], "idempotency_key": "one"}),
            ("add_items", {"items": ["coffee"], "idempotency_key": "one"}),
            ("add_items", {"items": "milk"}),
            ("add_items", {"items": '["bread", "butter"]'}),
            ("add_items", {"items": []}),
            ("add_items", {"items": [1]}),
            ("add_items", {"items": ["x"], "list": "Nowhere"}),
            ("add_items", {"item": ["x"]}),
            ("add_items", {}),
            ("list_items", {}),
            ("list_items", {"detail": "full", "view": "all", "group_by": "aisle"}),
            ("list_items", {"view": "sideways"}),
            ("list_items", {"limit": 0}),
            ("list_items", {"limit": 2}),
            ("list_items", {"limit": 10**30}),
            ("list_items", {"since_rev": -1}),
            ("list_items", {"cursor": "nonsense"}),
            ("list_items", {"list": None, "query": "crème"}),
            ("list_items", {"list": "\u0000\ufeff\u202e"}),
            ("list_items", {"household": "elsewhere"}),
            ("check_items", {"items": ["milk", "nothing"]}),
            ("update_items", {"items": [{"item": "flour", "quantity": 1}]}),
            ("undo", {"undo_ref": "e1"}),
            ("undo", {"undo_ref": "x"}),
            ("remove_items", {"items": ["milk"]}),
            ("get_overview", {}),
        ]
        for tool, arguments in calls:
            message = self.message(self.call(tool, arguments))
            yield self.case(f"{tool} {arguments}", message, self.named(name=tool), is_short=True)
        yield self.nested(100)

    def nested(self, depth: int) -> Case:
        """A call with nested arguments."""
        value: Any = "x"
        for _ in range(depth):
            value = [value]
        return self.case(f"nested {depth} deep", self.message(self.call(arguments={"list": value})), is_short=True)

    def ids(self) -> Iterator[Case]:
        good: list[Any] = [0, -1, 7, 2**31, 2**53 + 1, 10**30, "", "7", 'ü"\\\n', "x" * LONG]
        for value in good:
            yield self.case(f"id {str(value)[:40]!r}", self.message(self.call(), id=value), is_short=True)
        for value in (None, 1.0, 1.5, True, [1], {"id": 1}):
            yield self.case(f"id {value!r}", self.message(self.call(), id=value))
        message = self.message(self.call())
        del message["id"]
        yield self.case("no id", message)

    def methods(self) -> Iterator[Case]:
        params = {"_meta": self.meta()} if self.is_modern else {}
        for method in ("ping", "server/discover", "resources/list", "prompts/list", "unknown", "Tools/list", ""):
            yield self.case(f"method {method}", self.message(params, method), self.named(method, None))
        for method in ("notifications/initialized", "notifications/cancelled", "tools/list"):
            message = {"jsonrpc": "2.0", "method": method, "params": params}
            yield self.case(f"notification {method}", message, self.named(method, None))
        level = {**params, "level": "info"}
        yield self.case("logging", self.message(level, "logging/setLevel"), self.named("logging/setLevel", None))
        hello = {**params, "protocolVersion": self.revision, "capabilities": {}, "clientInfo": {"name": "c"}}
        yield self.case("initialize", self.message(hello, "initialize"), self.named("initialize", None))
        for method in (None, 1, ["tools/call"]):
            yield self.case(f"method {method!r}", self.message(self.call(), method))

    def params(self) -> Iterator[Case]:
        for tool in ("nothing", "", "List_items", "x" * LONG, "ü"):
            yield self.case(f"tool {tool[:20]}", self.message(self.call(tool)), self.named(name=_header(tool)))
        for tool in (None, 7, ["list_items"]):
            yield self.case(f"tool {tool!r}", self.message(self.call(tool)))
        unnamed = self.call()
        del unnamed["name"]
        yield self.case("no tool", self.message(unnamed))
        odd: list[Any] = [[], "text", 7, False]
        for arguments in odd:
            yield self.case(f"arguments {arguments!r}", self.message({**self.call(), "arguments": arguments}))
        yield self.case("arguments null", self.message({**self.call(), "arguments": None}), is_short=True)
        without = self.call()
        del without["arguments"]
        yield self.case("no arguments", self.message(without), is_short=True)
        extra = self.call(more={"members": [1]}, cursor="x")
        yield self.case("more params", self.message(extra), is_short=True)
        task = self.call(task={"ttl": 60000})
        yield self.case("a task", self.message(task), is_short=True)
        yield self.case("a malformed task", self.message(self.call(task=7)), is_short=self.is_modern)
        for params in (None, *odd):
            yield self.case(f"params {params!r}", self.message(params))
            yield self.listing(params, is_short=params is None and not self.is_modern)
        params = {"_meta": self.meta()} if self.is_modern else {}
        yield self.listing(params, is_short=True)
        yield self.listing({**params, "more": 1}, is_short=True)
        for cursor in ("next", "", None, 7):
            yield self.listing({**params, "cursor": cursor})

    def metas(self) -> Iterator[Case]:
        known = self.meta()
        for key, value in (
            ("claudecode/toolUseId", "toolu_1"),
            ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            ("ключ", ["значение"]),
        ):
            yield self.case(f"_meta {key}", self.message(self.call(_meta={**known, key: value})), is_short=True)
        for token in ("one", 1, "", 0, 1.5, None, {"a": 1}, True):
            meta = {**known, "progressToken": token}
            is_short = token not in (1.5, {"a": 1})
            yield self.case(f"progressToken {token!r}", self.message(self.call(_meta=meta)), is_short=is_short)
            yield self.listing({"_meta": meta}, is_short=is_short)
        for level in ("debug", "nonsense", 7):
            message = self.message(self.call(_meta={**known, LOG_LEVEL_META_KEY: level}))
            yield self.case(f"log level {level}", message, is_short=not self.is_modern or level == "debug")
        odd: list[Any] = [[], "text", 7, None, {}]
        for meta in odd:
            is_short = not self.is_modern and not meta and not isinstance(meta, list)
            yield self.case(f"_meta {meta!r}", self.message(self.call(_meta=meta)), is_short=is_short)
        wrong: list[tuple[str, Any]] = [
            (PROTOCOL_VERSION_META_KEY, "2025-11-25"),
            (PROTOCOL_VERSION_META_KEY, "2099-01-01"),
            (PROTOCOL_VERSION_META_KEY, 20260728),
            (CLIENT_INFO_META_KEY, {"version": "1"}),
            (CLIENT_INFO_META_KEY, "me"),
            (CLIENT_CAPABILITIES_META_KEY, []),
            (CLIENT_CAPABILITIES_META_KEY, {"sampling": 7}),
        ]
        for key, value in wrong:
            message = self.message(self.call(_meta={**known, key: value}))
            yield self.case(f"_meta {key}: {value}", message, is_short=not self.is_modern)
        for key in known:
            meta = {name: value for name, value in known.items() if name != key}
            yield self.case(f"_meta without {key}", self.message(self.call(_meta=meta)), is_short="clientInfo" in key)

    def envelopes(self) -> Iterator[Case]:
        for version in ("1.0", "2", 2.0, None):
            yield self.case(f"jsonrpc {version!r}", self.message(self.call(), jsonrpc=version))
        for member in ("jsonrpc", "method"):
            message = self.message(self.call())
            del message[member]
            yield self.case(f"no {member}", message)
        yield self.case("more members", self.message(self.call(), more=[1], result={}), is_short=True)
        others: list[Any] = [7, "text", None, {}, {"jsonrpc": "2.0", "id": 1, "result": {}}]
        for message in others:
            yield self.case(f"body {message!r}", message)
        yield self.case("a batch", [self.message(self.call()), self.message(self.call(), id=2)])
        yield self.case("an empty batch", [])

    def headers(self) -> Iterator[Case]:
        message = self.message(self.call())
        good = self.named()

        def with_header(name: str, *values: str) -> Headers:
            return [*((each, value) for each, value in good if each != name), *((name, value) for value in values)]

        for accept, is_short in (
            ("*/*", True),
            ("application/*", True),
            ("APPLICATION/JSON;q=0.1", True),
            ("text/html, application/json", True),
            ("text/event-stream", False),
            ("text/html", False),
            ("application/jsonx", False),
            ("", True),
            ("application/json," + "x" * LONG, False),
            ("application/json; q=é", True),
        ):
            yield self.case(f"Accept {accept[:40]}", message, with_header("Accept", accept), is_short=is_short)
        yield self.case("no Accept", message, with_header("Accept"), is_short=True)
        for accepts in (("application/json", "text/html"), ("text/html", "application/json")):
            yield self.case(f"Accept twice {accepts}", message, with_header("Accept", *accepts))
        for kind, is_short in (
            ("application/json; charset=utf-8", True),
            ("application/json; charset=latin-1", False),
            ("application/JSON", True),
            ("application/jsonx", False),
            ("text/plain", False),
            ("application/json, text/plain", False),
            ("", False),
        ):
            yield self.case(f"Content-Type {kind}", message, with_header("Content-Type", kind), is_short=is_short)
        yield self.case("no Content-Type", message, with_header("Content-Type"))
        for version in (*REVISIONS, "2024-11-05", "2099-01-01", "nonsense", ""):
            is_older = version in ("2024-11-05", *REVISIONS) and version != MODERN
            is_short = is_older or version == self.revision
            headers = with_header("MCP-Protocol-Version", version)
            yield self.case(f"MCP-Protocol-Version {version}", message, headers, is_short=is_short)
        yield self.case("no MCP-Protocol-Version", message, with_header("MCP-Protocol-Version"), is_short=True)
        for values in ((self.revision, self.revision), (self.revision, "2025-03-26")):
            yield self.case(f"versions {values}", message, with_header("MCP-Protocol-Version", *values))
        older = not self.is_modern
        for name, values, is_short in (
            ("Mcp-Method", ("tools/list",), older),
            ("Mcp-Method", ("TOOLS/CALL",), older),
            ("Mcp-Method", (), older),
            ("Mcp-Method", ("tools/call", "tools/call"), False),
            ("Mcp-Name", ("get_overview",), older),
            ("Mcp-Name", ("=?base64?bGlzdF9pdGVtcw==?=",), True),
            ("Mcp-Name", ("=?base64?bGlzdF9pdGVtcw?=",), older),
            ("Mcp-Name", (), older),
            ("Mcp-Name", (" list_items\t",), older),
            ("MCP-Protocol-Version", (f"{self.revision} ",), False),
            ("Content-Type", ("application/json ",), False),
            ("Mcp-Name", ("list_items", "list_items"), False),
            ("Mcp-Session-Id", ("abc",), True),
            ("Mcp-Session-Id", ("a b\x7f",), True),
            ("Mcp-Param-List", ("L1",), True),
            ("Mcp-Param-List", ("L1", "L2"), False),
            ("Last-Event-ID", ("7",), True),
            ("Origin", ("http://localhost:6274",), True),
            ("Origin", ("https://evil.example",), False),
            ("Cookie", ("a=b", "c=d"), False),
            ("X-Unknown", ("é",), True),
        ):
            yield self.case(f"{name} {values}", message, with_header(name, *values), is_short=is_short)

    def bodies(self) -> Iterator[Case]:
        text = json.dumps(self.message(self.call()))
        named = text.replace('"id": 1', '"id": "é 𝄞"')
        for name, body, is_short in (
            ("whitespace", f"\r\n\t {text} \n".encode(), True),
            ("raw Unicode", named.encode(), True),
            ("escaped Unicode", text.replace('"id": 1', '"id": "\\u00e9 \\ud834\\udd1e"').encode(), True),
            ("a repeated key", text.replace('"id": 1', '"id": 1, "id": 2').encode(), True),
            ("a repeated tool", text.replace('"name":', '"name": "add_items", "name":', 1).encode(), True),
            ("a repeated method", text.replace('"method":', '"method": "ping", "method":').encode(), True),
            ("an exponent as an id", text.replace('"id": 1', '"id": 1e3').encode(), False),
            ("minus zero as an id", text.replace('"id": 1', '"id": -0').encode(), True),
            ("digits without end", text.replace('"id": 1', f'"id": {"9" * 5000}').encode(), False),
            ("a number beyond floats", text.replace('"arguments": {}', '"arguments": {"limit": 1e999}').encode(), True),
            ("NaN", text.replace('"arguments": {}', '"arguments": {"limit": NaN}').encode(), False),
            ("half a character", text.replace('"arguments": {}', '"arguments": {"list": "\\ud834"}').encode(), False),
            ("a byte order mark", b"\xef\xbb\xbf" + text.encode(), True),
            ("UTF-16", text.encode("utf-16"), False),
            ("Latin-1", named.replace("𝄞", "").encode("latin-1"), False),
            ("cut short", text[:-1].encode(), False),
            ("more than one value", f"{text} {{}}".encode(), False),
            ("nothing", b"", False),
        ):
            yield Case(name, body, self.named(), is_short)


def _header(tool: str) -> str:
    """The name of a tool as a header holds it."""
    return tool if tool.isascii() else "=?base64?w7w=?="
