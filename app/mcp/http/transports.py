"""The SDK's transports in front of the server of an endpoint: one answers in JSON, the other by a stream of events.

A stream is for the calls of tools that may send something before their result (`ToolSpec.streams`), if the client asks
for it. Asking alone decides nothing, since Claude Code and FastMCP's client ask at every call, and few tools have
anything to report, which the protocol leaves to them (basic/utilities/progress). JSON takes a third less CPU.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from mcp.server.lowlevel.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import Receive, Scope, Send

from app.mcp.catalogue import McpEndpoint
from app.mcp.context import CALLED
from app.mcp.http.body import LARGEST_BODY


class Transports:
    """Both transports of an endpoint, as one ASGI application; `running` must be entered before it is called."""

    def __init__(self, endpoint: McpEndpoint, server: Server[Any]) -> None:
        self._endpoint = endpoint
        self._json = _transport(server, streams=False)
        self._streaming = _transport(server, streams=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request by the transport that its tool needs; in a batch, where all answers come at once, in JSON."""
        params: Mapping[str, Any] | None = scope.get(CALLED)
        tool = None if params is None else self._endpoint.tools_by_name.get(params["name"])
        is_streamed = params is not None and tool is not None and tool.streams(params)
        transport = self._streaming if is_streamed else self._json
        await transport.handle_request(scope, receive, send)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Run both transports."""
        async with self._json.run(), self._streaming.run():
            yield


def _transport(server: Server[Any], *, streams: bool) -> StreamableHTTPSessionManager:
    """Return a stateless transport; Host, Origin and size of the body are checked before it."""
    return StreamableHTTPSessionManager(
        server,
        json_response=not streams,
        stateless=True,
        security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        max_request_body_size=LARGEST_BODY,
    )
