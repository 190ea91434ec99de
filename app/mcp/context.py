"""What handlers learn from the request that carries a message: the proven caller, and their address."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from mcp.server.context import ServerRequestContext
from starlette.datastructures import Address

from app.access.caller import Caller
from app.runtime.addresses import known_address

CALLER: Final = "app.caller"
"""The key of the scope (ASGI's, over HTTP) that holds the proven caller."""

CALLED: Final = "app.called"
"""The key of the ASGI scope that holds the params of a `tools/call` that comes by itself, not in a batch."""


class CarryingRequest(Protocol):
    """A request with a message in it: Starlette's, or `LocalRequest` of `app/mcp/local_access.py`."""

    @property
    def scope(self) -> Mapping[str, Any]:
        """What is known of it; the caller is at the key CALLER."""
        ...

    @property
    def client(self) -> Address | None:
        """The network address that it came from; None when it came through no network."""
        ...


Context = ServerRequestContext[Any, CarryingRequest]


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
