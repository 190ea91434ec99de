"""Answer `tools/call` and `tools/list` without the SDK's serialisation.

The SDK validates and serialises every result again. Ours are JSON of a known shape already, so this middleware answers
`tools/call` itself and repeats the list of tools from memory, which saves a quarter of the CPU of a call and half of
that of a list. The SDK still validates requests. Most requests don't even get here: see `app/mcp/http/short_way.py`.
"""

from typing import Any

import mcp_types as types
from mcp.server.context import CallNext, HandlerResult
from mcp.server.lowlevel.server import Server
from mcp_types import methods
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic_core import from_json

from app.mcp.context import Context, address_of, caller_of
from app.mcp.dispatch import Dispatch
from app.mcp.elicitation import round_trip_of


class DirectAnswers:
    """The innermost middleware of a server."""

    def __init__(self, server: Server[Any], dispatch: Dispatch) -> None:
        self._server = server
        self._dispatch = dispatch
        self.listings: dict[str, HandlerResult] = {}
        """The list of tools as the SDK answered it first, by revision."""

    async def __call__(self, ctx: Context, call_next: CallNext) -> HandlerResult:
        """Answer these two methods directly, and leave everything else to the SDK."""
        if ctx.request_id is None:
            return await call_next(ctx)  # a notification, whatever its method: nobody waits for an answer
        if ctx.method == "tools/call" and isinstance(ctx.params, dict):
            methods.validate_client_request(ctx.method, ctx.protocol_version, ctx.params)
            name, arguments = ctx.params["name"], ctx.params.get("arguments")
            round_trip = round_trip_of(ctx.params, ctx.protocol_version)
            report = ctx.session.report_progress
            served = await self._dispatch.call(caller_of(ctx), address_of(ctx), name, arguments, round_trip, report)
            result = from_json(served.body)
            if ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS:
                return result
            # 2026-07-28 requires these of every result (basic: Result, and the serverInfo stamp).
            stamp = {types.SERVER_INFO_META_KEY: self._server.server_info_stamp}
            return {**result, "resultType": served.result_type, "_meta": stamp}
        if ctx.method == "tools/list" and "cursor" not in (ctx.params or {}):
            known = self.listings.get(ctx.protocol_version)
            if known is None:
                known = self.listings[ctx.protocol_version] = await call_next(ctx)
            else:
                methods.validate_client_request(ctx.method, ctx.protocol_version, ctx.params)
            return known
        return await call_next(ctx)
