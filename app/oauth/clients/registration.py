"""Dynamic client registration (RFC 7591), and what it shares with registration by command."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.audit.models import Action
from app.audit.repository import record
from app.crypto.tokens import CLIENT_ID_PREFIX, CLIENT_SECRET_PREFIX, hash_of, new_public_id, new_secret
from app.db import transaction
from app.errors import Invalid, LimitReached
from app.limits.defaults import REGISTRATIONS
from app.oauth.client_endpoint import NOT_STORED
from app.oauth.clients.metadata import (
    INVALID,
    ClientMetadata,
    check_redirect_uris,
    checked_metadata,
    metadata_error,
)
from app.oauth.clients.models import SECRET_METHODS, Client, ClientKind
from app.oauth.clients.repository import insert_client
from app.oauth.context import OAuthContext
from app.oauth.errors import OAuthError
from app.runtime.addresses import client_address
from app.ui.forms import read_whole_body

NAMELESS: Final = "An app without a name"


@dataclass(frozen=True, slots=True)
class Registration:
    """A client to store, all its metadata, and the response, which is the only place that has its secret."""

    client: Client
    metadata: dict[str, Any]
    response: dict[str, Any]


class RegistrationEndpoint:
    """POST /oauth/register (RFC 7591 section 3)."""

    def __init__(self, context: OAuthContext) -> None:
        self._context = context

    async def __call__(self, request: Request) -> Response:
        """Return 201 with the client id, and with a secret for a client that asked for one.

        Raises `OAuthError`, and `LimitReached` for an address with too many registrations.
        """
        context = self._context
        try:
            await context.limiter.check(REGISTRATIONS, client_address(request))
            metadata = await _read_metadata(request)
            registration = register(
                metadata, ClientKind.DYNAMIC, context.client_policy.redirect_schemes, context.clock()
            )
        except LimitReached as reached:
            context.record_refusal(request, Action.CLIENT_REGISTERED, reached.code)
            raise
        except OAuthError as error:
            context.record_refusal(request, Action.CLIENT_REGISTERED, error.error)
            raise
        async with transaction(context.engine) as connection:
            await insert_client(connection, registration.client, registration.metadata, context.clock())
            entry = context.audit_entry(request, Action.CLIENT_REGISTERED, client_id=registration.client.id)
            await record(connection, entry)
        return JSONResponse(registration.response, 201, headers=NOT_STORED)


async def _read_metadata(request: Request) -> ClientMetadata:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise OAuthError(INVALID, "Send the metadata as application/json.")
    try:
        return ClientMetadata.model_validate_json(await read_whole_body(request))
    except Invalid as error:
        raise OAuthError(INVALID, error.message) from None
    except ValidationError as error:
        raise metadata_error(error) from None


def register(
    given: ClientMetadata,
    kind: ClientKind,
    redirect_schemes: Iterable[str],
    now: datetime,
    *,
    may_introspect: bool = False,
) -> Registration:
    """Return a client with a new id, and with a secret if its authentication method needs one. Raises `OAuthError`.

    `redirect_schemes` are the private-use URI schemes that are accepted.
    """
    check_redirect_uris(given.redirect_uris, redirect_schemes)
    metadata = checked_metadata(given)
    secret = new_secret(CLIENT_SECRET_PREFIX) if given.token_endpoint_auth_method in SECRET_METHODS else None
    client = Client(
        id=new_public_id(CLIENT_ID_PREFIX),
        kind=kind,
        name=metadata.get("client_name", NAMELESS),
        redirect_uris=tuple(given.redirect_uris),
        token_endpoint_auth_method=given.token_endpoint_auth_method,
        secret_hash=None if secret is None else hash_of(secret),
        jwks=metadata.get("jwks"),
        jwks_uri=metadata.get("jwks_uri"),
        may_introspect=may_introspect,
    )
    response = {"client_id": client.id, "client_id_issued_at": int(now.timestamp()), **metadata}
    if secret is not None:
        response |= {"client_secret": secret, "client_secret_expires_at": 0}
    return Registration(client, metadata, response)
