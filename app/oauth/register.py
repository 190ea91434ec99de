"""The registration endpoint (RFC 7591 section 3)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.db import transaction
from app.errors import Invalid, LimitReached
from app.oauth.faults import NOT_STORED, OAuthFault
from app.oauth.registration import register_client
from app.oauth.server import AuthorizationServer
from app.oauth.store.clients import insert_client
from app.ops.requests import address_of
from app.ui.bodies import read_whole_body


async def register(server: AuthorizationServer, request: Request) -> Response:
    """POST /oauth/register: 201 with the client id, and the secret for those who asked for one.

    Raises `LimitReached` for an address with too many registrations.
    """
    seconds = await server.registrations.hit(address_of(request))
    if seconds is not None:
        raise LimitReached("Too many registrations from this address.", retry_after=seconds)
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        return OAuthFault("invalid_client_metadata", "Send the metadata as application/json.").response()
    try:
        body = await read_whole_body(request)
    except Invalid as error:
        return OAuthFault("invalid_client_metadata", error.message).response()
    now = server.clock()
    registered = register_client(server.settings, body, now)
    if isinstance(registered, OAuthFault):
        return registered.response()
    async with transaction(server.engine) as connection:
        await insert_client(connection, registered.client, registered.metadata, now)
    return JSONResponse(registered.answer, 201, headers=NOT_STORED)
