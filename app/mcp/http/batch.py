"""JSON-RPC batches, which servers of revision 2025-03-26 must receive and the SDK does not.

Each entry is served as a request of its own; the caller's scopes were checked for all of them together.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from mcp_types import INTERNAL_ERROR, INVALID_REQUEST
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope

from app.errors import Unavailable
from app.mcp.http.json_rpc import envelope_fault, error_object, protocol_error, readable_id

BATCH_REVISION: Final = "2025-03-26"
"""The only revision with batches; also the one that a missing MCP-Protocol-Version header means."""

LARGEST_BATCH: Final = 50
ENDED: Final = "The connection has ended meanwhile. Sign in again."
NO_BATCHES: Final = "This protocol revision has no batches; send one message at a time."


Renewed = Callable[[], Awaitable[Scope | None]]
"""The scope of a request with its caller as of now; None when nobody would let the caller in any more. It may raise
`Unavailable`."""


def refuse_batch(calls: list[Any], revision: str | None) -> Response | None:
    """Why a batch is not served, before anything is asked about its entries; None when it may go on."""
    if revision not in (None, BATCH_REVISION):
        return protocol_error(400, INVALID_REQUEST, NO_BATCHES)
    if not calls:
        return protocol_error(400, INVALID_REQUEST, "The batch is empty.")
    if len(calls) > LARGEST_BATCH:
        return protocol_error(400, INVALID_REQUEST, f"A batch holds at most {LARGEST_BATCH} messages.")
    return None


async def answer_each(app: ASGIApp, renewed: Renewed, calls: list[Any]) -> Response:
    """Serve each entry in turn and join the answers; 202 when all were notifications (JSON-RPC 2.0 section 6).

    Before each entry the caller is looked at again: the ones before it can take long.
    """
    answers = [answer for call in calls if (answer := await _answer(app, renewed, call)) is not None]
    return JSONResponse(answers) if answers else Response(status_code=202)


async def _answer(app: ASGIApp, renewed: Renewed, call: Any) -> object | None:
    if (fault := envelope_fault(call)) is not None:
        return error_object(readable_id(call), INVALID_REQUEST, fault)
    request_id = call.get("id")
    if call["method"] == "initialize":
        return error_object(request_id, INVALID_REQUEST, "initialize can't be part of a batch.")
    try:
        scope = await renewed()
    except Unavailable as refusal:
        return _refused(call, INTERNAL_ERROR, refusal.message)
    if scope is None:
        return _refused(call, INVALID_REQUEST, ENDED)
    status, body = await _collect(app, scope, json.dumps(call).encode())
    if status == 202:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return error_object(request_id, INTERNAL_ERROR, "This entry could not be served.")


def _refused(call: dict[str, Any], code: int, message: str) -> object | None:
    # Notifications get no answer, whatever becomes of them (JSON-RPC 2.0 section 4.1).
    return error_object(call["id"], code, message) if "id" in call else None


async def _collect(app: ASGIApp, scope: Scope, body: bytes) -> tuple[int, bytes]:
    status, received = 500, bytearray()

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            received.extend(message.get("body", b""))

    headers = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
    await app({**scope, "headers": headers}, replay(body, _disconnected), send)
    return status, bytes(received)


def replay(body: bytes, receive: Receive) -> Receive:
    """A receive channel that gives a body that was already read, then whatever comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _disconnected() -> Message:
    return {"type": "http.disconnect"}
