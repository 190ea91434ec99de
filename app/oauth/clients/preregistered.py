"""Clients that the operator registers by command (RFC 7591 calls it out of band)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from app.audit.models import Action, AuditEntry
from app.audit.repository import record
from app.db import Connection
from app.errors import Conflict, Invalid, NotFound
from app.oauth.clients.keys import NO_KEYS, GivenKeys, check_given_keys
from app.oauth.clients.metadata import LONGEST_NAME, ClientMetadata, metadata_error
from app.oauth.clients.models import PUBLIC, ClientKind
from app.oauth.clients.redirects import redirect_uri_error
from app.oauth.clients.registration import Registration, register
from app.oauth.clients.repository import delete_client, insert_client, lock_client
from app.oauth.errors import OAuthError
from app.oauth.grants.models import RevokedGrant
from app.oauth.grants.repository import of_client
from app.oauth.grants.revocation import GrantRevocations, RevocationReason
from app.text import clean


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client to register, as it was typed."""

    name: str
    redirect_uris: Sequence[str]
    auth_method: str
    keys: GivenKeys = NO_KEYS
    may_introspect: bool = False


async def add_client(
    connection: Connection, redirect_schemes: Collection[str], new: NewClient, now: datetime
) -> Registration:
    """Register a client; its secret, if its authentication method needs one, is only in the returned response.

    `redirect_schemes` are the private-use URI schemes that are accepted. Raises `Invalid`, naming what is wrong.
    """
    keys = _check(redirect_schemes, new)
    try:
        given = ClientMetadata.model_validate(
            {
                "client_name": new.name,
                "redirect_uris": list(new.redirect_uris),
                "token_endpoint_auth_method": new.auth_method,
                "jwks": keys.jwks,
                "jwks_uri": keys.jwks_uri,
            }
        )
        registration = register(
            given, ClientKind.PREREGISTERED, redirect_schemes, now, may_introspect=new.may_introspect
        )
    except ValidationError as error:
        raise Invalid(metadata_error(error).description) from None
    except OAuthError as error:
        raise Invalid(error.description) from None
    client = registration.client
    await insert_client(connection, client, registration.metadata, now)
    entry = AuditEntry(action=Action.CLIENT_REGISTERED, at=now, client_id=client.id, detail=client.kind)
    await record(connection, entry)
    return registration


def _check(redirect_schemes: Collection[str], new: NewClient) -> GivenKeys:
    """Return the client's keys. Raises `Invalid`, worded for the command."""
    if not new.name.strip():
        raise Invalid("The name is empty: people see it when they are asked.", field="name")
    clean(new.name, "name", LONGEST_NAME)
    for uri in new.redirect_uris:
        if (reason := redirect_uri_error(uri, redirect_schemes)) is not None:
            raise Invalid(f"redirect_uri {uri} is refused. {reason}", field="redirect_uri")
    if new.may_introspect and new.auth_method == PUBLIC:
        raise Invalid("--introspect needs an --auth-method: only a client that authenticates may introspect.")
    return check_given_keys(new.auth_method, new.keys)


async def remove_client(
    connection: Connection, client_id: str, revocations: GrantRevocations, now: datetime
) -> list[RevokedGrant]:
    """Remove a client, whichever way it was registered, and return its grants, which are revoked.

    Raises `NotFound`, and `Conflict` for a service account, which is also a member of a household.
    """
    client = await lock_client(connection, client_id)
    if client is None:
        raise NotFound(f"There is no client {client_id}.")
    if client.kind == ClientKind.SERVICE:
        raise Conflict(f"{client_id} is a service account; end it with `service-accounts revoke {client_id}`.")
    ended = await revocations.revoke(connection, of_client(client_id), RevocationReason.CLIENT_REMOVED, now)
    await delete_client(connection, client_id)
    await record(connection, AuditEntry(action=Action.CLIENT_REMOVED, at=now, client_id=client_id, detail=client.kind))
    return ended
