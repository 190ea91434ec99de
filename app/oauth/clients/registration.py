"""Dynamic client registration (RFC 7591), and what it shares with registration by command."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from app.crypto.tokens import CLIENT_ID_PREFIX, CLIENT_SECRET_PREFIX, hash_of, new_public_id, new_secret
from app.oauth.clients.metadata import ClientMetadata, checked_metadata, metadata_error, redirect_uris_error
from app.oauth.clients.repository import Client
from app.oauth.faults import OAuthFault
from app.oauth.metadata import SECRET_METHODS
from app.settings import Settings

NAMELESS: Final = "An app without a name"


@dataclass(frozen=True, slots=True)
class Registered:
    """A client to store, all its metadata, and the answer: its secret, if any, is there and nowhere else."""

    client: Client
    metadata: dict[str, Any]
    answer: dict[str, Any]


def register_client(settings: Settings, body: bytes, now: datetime) -> Registered | OAuthFault:
    """Check a registration request, a JSON object of client metadata."""
    try:
        given = ClientMetadata.model_validate_json(body)
    except ValidationError as error:
        return metadata_error(error)
    return new_client(settings, given, "dynamic", now)


def new_client(
    settings: Settings, given: ClientMetadata, kind: str, now: datetime, *, may_introspect: bool = False
) -> Registered | OAuthFault:
    """A client with an id of ours, and with a secret if its method needs one."""
    fault = redirect_uris_error(settings, given.redirect_uris)
    if fault is not None:
        return fault
    metadata = checked_metadata(settings, given)
    if isinstance(metadata, OAuthFault):
        return metadata
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
    answer = {"client_id": client.id, "client_id_issued_at": int(now.timestamp()), **metadata}
    if secret is not None:
        answer |= {"client_secret": secret, "client_secret_expires_at": 0}
    return Registered(client, metadata, answer)
