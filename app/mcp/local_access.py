"""Who is calling, where no token says so: every request through stdin is one of the local person.

This is used by `app/stdio.py` alone. What serves HTTP has no part in it: there a request without a token is refused.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog
from mcp.server.context import CallNext, HandlerResult
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_REQUEST

from app.access.local_callers import LocalCallers
from app.mcp.catalogue import OPEN_METHODS
from app.mcp.context import CALLER, Context
from app.runtime.request_log import new_request_id

REVOKED: Final = "This app's access was revoked. To allow it again, start it under another name: --client NAME."
_log: Final = structlog.stdlib.get_logger("app.requests")


@dataclass(frozen=True, slots=True)
class LocalRequest:
    """What handlers ask of the request that carries a message, for one that came through stdin."""

    scope: Mapping[str, Any]
    client: None = None


async def log_requests(ctx: Context, call_next: CallNext) -> HandlerResult:
    """Give each request an id, and log a line for it: the method and how long it took, none of its content."""
    if ctx.request_id is None:
        return await call_next(ctx)
    with new_request_id():
        started = time.perf_counter()
        try:
            return await call_next(ctx)
        finally:
            milliseconds = round((time.perf_counter() - started) * 1000, 1)
            _log.info("request", method=ctx.method[:100], ms=milliseconds)


class LocalAccess:
    """Middleware that gives each request its caller, found anew each time: a grant can end at any moment."""

    def __init__(self, callers: LocalCallers) -> None:
        self._callers = callers

    async def __call__(self, ctx: Context, call_next: CallNext) -> HandlerResult:
        """Serve a request. Raises `MCPError` when the grant was revoked."""
        if ctx.request_id is None or ctx.method in OPEN_METHODS:
            return await call_next(ctx)
        client = ctx.session.client_params
        caller = await self._callers.find(None if client is None else client.client_info.name)
        if caller is None:
            raise MCPError(INVALID_REQUEST, REVOKED)
        return await call_next(replace(ctx, request=LocalRequest({CALLER: caller})))
