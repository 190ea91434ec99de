"""The short way past the SDK's transport, for the two methods that are called most.

The bearer middleware offers every request that may be served. One that is plainly valid is answered here, by the same
`Dispatch` and with the same bytes of its result. Everything else goes through the SDK's transport, which serves it, or
says what is wrong with it: other methods, notifications, batches, calls that ask for progress of tools that report it,
unknown tools, answers of a person who was asked, malformed params, headers that contradict the body. The SDK's own
functions decide what is valid.
docs/decisions/0018-the-short-way.md names the differences.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import mcp_types as types
from mcp.server.context import HandlerResult
from mcp.server.streamable_http import check_accept_headers
from mcp.shared.inbound import InboundModernRoute, classify_inbound_request
from mcp_types import DEFAULT_NEGOTIATED_VERSION, methods
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError
from pydantic_core import to_json
from starlette.requests import Request

from app.access.caller import Caller
from app.mcp.dispatch import RESULT_TYPES, Dispatch
from app.mcp.elicitation import round_trip_of
from app.mcp.spec import AnyTool

METHODS: Final = frozenset({"tools/call", "tools/list"})
JSON: Final = ("application/json", "application/json; charset=utf-8")
LONGEST_ACCEPT: Final = 200
"""Characters of an Accept header that is remembered; a longer one is for the SDK."""


class ShortWay:
    """The short way to the `tools` of one endpoint.

    `listings` has the list of tools by revision, as soon as the SDK has answered it; `server_info` is what results of
    2026-07-28 say about the server.
    """

    def __init__(
        self,
        dispatch: Dispatch,
        tools: Mapping[str, AnyTool],
        listings: Mapping[str, HandlerResult],
        server_info: object,
    ) -> None:
        self._dispatch = dispatch
        self._tools = tools
        self._listings = listings
        self._encoded_listings: dict[str, bytes] = {}
        stamp = to_json({types.SERVER_INFO_META_KEY: server_info})
        self._modern_ends = {kind: b',"resultType":%b,"_meta":%b}' % (to_json(kind), stamp) for kind in RESULT_TYPES}

    async def answer(
        self, message: Mapping[str, Any], headers: Mapping[str, str], caller: Caller, address: str | None
    ) -> bytes | None:
        """Return the JSON-RPC response to a request with a valid envelope; None if it is for the SDK.

        `headers` have lower-case names, each of which was sent once; `address` is the network address of the caller.
        """
        version = headers.get("mcp-protocol-version", DEFAULT_NEGOTIATED_VERSION)
        if not _is_plain(message, headers, version):
            return None
        params: Mapping[str, Any] = message.get("params") or {}
        if message["method"] == "tools/call":
            name: str = params["name"]
            tool = self._tools.get(name)
            if tool is None or tool.streams(params) or not tool.scopes <= caller.scopes or "requestState" in params:
                return None
            round_trip = round_trip_of(params, version)
            served = await self._dispatch.call(caller, address, name, params.get("arguments"), round_trip)
            result = served.body
            if version in MODERN_PROTOCOL_VERSIONS:
                result = result[:-1] + self._modern_ends[served.result_type]
        else:
            listing = self._listing(version)
            if listing is None or "cursor" in params:
                return None
            result = listing
        return b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (to_json(message["id"]), result)

    def _listing(self, version: str) -> bytes | None:
        encoded = self._encoded_listings.get(version)
        if encoded is None and (listing := self._listings.get(version)) is not None:
            encoded = self._encoded_listings[version] = to_json(listing)
        return encoded


def _is_plain(message: Mapping[str, Any], headers: Mapping[str, str], version: str) -> bool:
    """Whether the SDK's transport would hand this request to its handler."""
    method = message["method"]
    if method not in METHODS or "id" not in message:
        return False
    if headers.get("content-type", "").lower() not in JSON or not _accepts_json(headers.get("accept") or "*/*"):
        return False
    if version in MODERN_PROTOCOL_VERSIONS:
        if not isinstance(classify_inbound_request(message, headers=headers), InboundModernRoute):
            return False
    elif version not in HANDSHAKE_PROTOCOL_VERSIONS:
        return False
    try:
        methods.validate_client_request(method, version, message.get("params"))
    except ValidationError:
        return False
    return True


def _accepts_json(accept: str) -> bool:
    return len(accept) <= LONGEST_ACCEPT and _names_json(accept)


@lru_cache(256)
def _names_json(accept: str) -> bool:
    request = Request({"type": "http", "headers": [(b"accept", accept.encode("latin-1"))]})
    return check_accept_headers(request)[0]
