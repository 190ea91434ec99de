"""What handlers learn from the HTTP request that carries a message: the proven caller, and their address."""

from typing import Any, Final

from mcp.server.context import ServerRequestContext
from starlette.requests import Request

from app.access.caller import Caller
from app.runtime.addresses import known_address

CALLER: Final = "app.caller"
"""The key of the ASGI scope that holds the proven caller."""

CALLED_TOOL: Final = "app.called_tool"
"""The key of the ASGI scope that holds the name of the tool that a request calls by itself, not in a batch."""

Context = ServerRequestContext[Any, Request]


def caller_of(context: Context) -> Caller:
    """Return the proven caller. Raises `LookupError` if there is none: then nothing may be done."""
    caller = context.request.scope.get(CALLER) if context.request is not None else None
    if not isinstance(caller, Caller):
        raise LookupError("a request without a proven caller reached the MCP server")
    return caller


def identity_of(caller: Caller) -> dict[str, Any]:
    """Return who acts, in the fields of `AuditEntry`."""
    actor = caller.actor
    return {"person_id": actor.person_id, "client_id": actor.client_id, "grant_id": actor.grant_id}


def address_of(context: Context) -> str | None:
    """Return the network address of the caller, if it is known."""
    client = context.request.client if context.request is not None else None
    return known_address(client.host) if client is not None else None
