"""Clients that whoever runs the service registers by command (RFC 7591 calls it out of band)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import ValidationError

from app.audit.models import Action, AuditEntry
from app.audit.repository import record
from app.db import Connection
from app.errors import Conflict, Invalid, NotFound
from app.oauth.clients.given_keys import NO_KEYS, GivenKeys, checked_keys
from app.oauth.clients.metadata import LONGEST_NAME, ClientMetadata, metadata_error
from app.oauth.clients.redirects import redirect_uri_error
from app.oauth.clients.registration import Registered, new_client
from app.oauth.clients.repository import delete_client, insert_client, lock_client
from app.oauth.faults import OAuthFault
from app.oauth.grants.repository import EndedGrant, of_client
from app.oauth.grants.revocation import GrantRevocations, RevocationReason
from app.oauth.metadata import PUBLIC
from app.settings import Settings
from app.text import clean

KIND: Final = "preregistered"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a new client is to be like, as it was typed."""

    name: str
    redirect_uris: Sequence[str]
    auth_method: str
    keys: GivenKeys = NO_KEYS
    may_introspect: bool = False


async def add_client(connection: Connection, settings: Settings, wanted: Wanted, now: datetime) -> Registered:
    """Register a client; its secret, if its method needs one, is in the answer and nowhere else.

    Raises `Invalid`, naming what is wrong.
    """
    keys = _checked(settings, wanted)
    try:
        given = ClientMetadata.model_validate(
            {
                "client_name": wanted.name,
                "redirect_uris": list(wanted.redirect_uris),
                "token_endpoint_auth_method": wanted.auth_method,
                "jwks": keys.jwks,
                "jwks_uri": keys.jwks_uri,
            }
        )
        registered = new_client(settings, given, KIND, now, may_introspect=wanted.may_introspect)
    except ValidationError as error:
        registered = metadata_error(error)
    if isinstance(registered, OAuthFault):
        raise Invalid(registered.description)
    await insert_client(connection, registered.client, registered.metadata, now)
    entry = AuditEntry(action=Action.CLIENT_REGISTERED, at=now, client_id=registered.client.id, detail=KIND)
    await record(connection, entry)
    return registered


def _checked(settings: Settings, wanted: Wanted) -> GivenKeys:
    """Its keys, when what was typed can be registered and is of use. Raises `Invalid` in the words of the command."""
    if not wanted.name.strip():
        raise Invalid("The name is empty: people see it when they are asked.", field="name")
    clean(wanted.name, "name", LONGEST_NAME)
    for uri in wanted.redirect_uris:
        if (fault := redirect_uri_error(uri, settings.oauth_redirect_schemes)) is not None:
            raise Invalid(f"redirect_uri {uri} is refused. {fault}", field="redirect_uri")
    if wanted.may_introspect and wanted.auth_method == PUBLIC:
        raise Invalid("--introspect needs an --auth-method: only who proves itself may ask about tokens.")
    return checked_keys(wanted.auth_method, wanted.keys)


async def end_client(
    connection: Connection, client_id: str, endings: GrantRevocations, now: datetime
) -> list[EndedGrant]:
    """Remove a client, whichever way it was registered, and end its grants: which ones.

    Raises `NotFound`, and `Conflict` for a service account, which is also somebody in a household.
    """
    client = await lock_client(connection, client_id)
    if client is None:
        raise NotFound(f"There is no client {client_id}.")
    if client.kind == "service":
        raise Conflict(f"{client_id} is a service account; end it with `service-accounts revoke {client_id}`.")
    ended = await endings.end(connection, of_client(client_id), RevocationReason.CLIENT_REMOVED, now)
    await delete_client(connection, client_id)
    await record(connection, AuditEntry(action=Action.CLIENT_REMOVED, at=now, client_id=client_id, detail=client.kind))
    return ended
