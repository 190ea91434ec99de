"""The registration endpoint (RFC 7591 section 3)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.audit.models import Action
from app.audit.repository import record
from app.db import transaction
from app.errors import Invalid, LimitReached
from app.limits.defaults import REGISTRATIONS
from app.oauth.auditing import entry_of, refused
from app.oauth.clients.registration import Registered, register_client
from app.oauth.clients.repository import insert_client
from app.oauth.context import OAuthContext
from app.oauth.faults import NOT_STORED, OAuthFault
from app.runtime.requests import client_address
from app.ui.forms import read_whole_body


async def register(server: OAuthContext, request: Request) -> Response:
    """POST /oauth/register: 201 with the client id, and the secret for those who asked for one.

    Raises `LimitReached` for an address with too many registrations.
    """
    try:
        await server.limiter.check(REGISTRATIONS, client_address(request))
    except LimitReached:
        refused(server, request, Action.CLIENT_REGISTERED, LimitReached.code)
        raise
    registered = await _checked(server, request)
    if isinstance(registered, OAuthFault):
        refused(server, request, Action.CLIENT_REGISTERED, registered.error)
        return registered.response()
    async with transaction(server.engine) as connection:
        await insert_client(connection, registered.client, registered.metadata, server.clock())
        await record(connection, entry_of(server, request, Action.CLIENT_REGISTERED, client_id=registered.client.id))
    return JSONResponse(registered.answer, 201, headers=NOT_STORED)


async def _checked(server: OAuthContext, request: Request) -> Registered | OAuthFault:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        return OAuthFault("invalid_client_metadata", "Send the metadata as application/json.")
    try:
        body = await read_whole_body(request)
    except Invalid as error:
        return OAuthFault("invalid_client_metadata", error.message)
    return register_client(server.settings, body, server.clock())
