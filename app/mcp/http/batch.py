"""JSON-RPC batches, which servers of revision 2025-03-26 must accept and the SDK does not.

Each entry is served as a request of its own; the caller's scopes were checked for all of them together.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from mcp_types import INTERNAL_ERROR, INVALID_REQUEST
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope

from app.errors import Unavailable
from app.mcp.errors import ACCESS_ENDED
from app.mcp.http.json_rpc import envelope_error, error_object, readable_id
from app.mcp.http.refusals import bad_request

BATCH_REVISION: Final = "2025-03-26"
"""The only revision with batches; a missing MCP-Protocol-Version header means this one."""

LARGEST_BATCH: Final = 50
LONGEST_ANSWERS: Final = 4 * 1024 * 1024
"""Bytes that the answers of a batch may have together; what comes after that is not served."""

_TOO_LONG: Final = "The answers of this batch are too long already, so this was not done. Send it by itself."

RenewScope = Callable[[], Awaitable[Scope | None]]
"""Returns the ASGI scope with its caller as of now, or None if access has ended. May raise `Unavailable`."""


def check_batch(calls: list[Any], revision: str | None) -> None:
    """Check a batch as a whole. Raises `RequestRefused`."""
    if revision not in (None, BATCH_REVISION):
        raise bad_request("This protocol revision has no batches; send one message at a time.")
    if not calls:
        raise bad_request("The batch is empty.")
    if len(calls) > LARGEST_BATCH:
        raise bad_request(f"A batch holds at most {LARGEST_BATCH} messages.")


async def serve_batch(app: ASGIApp, renew_scope: RenewScope, calls: list[Any]) -> Response:
    """Serve each entry in turn and join the answers; 202 if all were notifications (JSON-RPC 2.0 section 6).

    The caller is checked again before each entry: the ones before it can take long.
    """
    answers: list[bytes] = []
    length = 0
    for call in calls:
        if length < LONGEST_ANSWERS:
            answer = await _serve_entry(app, renew_scope, call)
        else:
            answer = _error_answer(call, INTERNAL_ERROR, _TOO_LONG)
        if answer is not None:
            answers.append(answer)
            length += len(answer)
    if not answers:
        return Response(status_code=202)
    return Response(b"[" + b",".join(answers) + b"]", media_type="application/json")


async def _serve_entry(app: ASGIApp, renew_scope: RenewScope, call: Any) -> bytes | None:
    if (error := envelope_error(call)) is not None:
        return _encoded(error_object(readable_id(call), INVALID_REQUEST, error))
    request_id = call.get("id")
    if call["method"] == "initialize":
        return _encoded(error_object(request_id, INVALID_REQUEST, "initialize can't be part of a batch."))
    try:
        scope = await renew_scope()
    except Unavailable as error:
        return _error_answer(call, INTERNAL_ERROR, error.message)
    if scope is None:
        return _error_answer(call, INVALID_REQUEST, ACCESS_ENDED)
    status, body = await _collect_response(app, scope, json.dumps(call).encode())
    if status == 202:
        return None
    try:
        json.loads(body)
    except ValueError:
        return _encoded(error_object(request_id, INTERNAL_ERROR, "This entry could not be served."))
    return body


def _error_answer(call: Any, code: int, message: str) -> bytes | None:
    # Notifications are never answered (JSON-RPC 2.0 section 4.1).
    is_notification = isinstance(call, dict) and "id" not in call
    return None if is_notification else _encoded(error_object(readable_id(call), code, message))


def _encoded(answer: object) -> bytes:
    return json.dumps(answer).encode()


async def _collect_response(app: ASGIApp, scope: Scope, body: bytes) -> tuple[int, bytes]:
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
    """Return a receive channel that gives a body that was already read, then whatever follows it."""
    is_given = False

    async def receive_again() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


async def _disconnected() -> Message:
    return {"type": "http.disconnect"}
