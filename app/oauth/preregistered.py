"""Clients that whoever runs the service registers by command (RFC 7591 calls it out of band)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import ValidationError

from app.config import Settings
from app.db import Engine, transaction
from app.errors import Invalid, NotFound
from app.oauth.client_metadata import ClientMetadata, fault_of_members
from app.oauth.faults import OAuthFault
from app.oauth.registration import Registered, new_client
from app.oauth.store.clients import Client, find_preregistered, insert_client, remove_client


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a new client is to be like, as it was typed."""

    name: str
    redirect_uris: Sequence[str]
    auth_method: str
    jwks_uri: str | None = None
    may_introspect: bool = False


async def add_client(settings: Settings, engine: Engine, wanted: Wanted, now: datetime) -> Registered:
    """Register a client; its secret, if its method needs one, is in the answer and nowhere else.

    Raises `Invalid`, naming what is wrong, and `Unavailable`.
    """
    try:
        given = ClientMetadata.model_validate(
            {
                "client_name": wanted.name,
                "redirect_uris": list(wanted.redirect_uris),
                "token_endpoint_auth_method": wanted.auth_method,
                "jwks_uri": wanted.jwks_uri,
            }
        )
        registered = new_client(settings, given, "preregistered", now, may_introspect=wanted.may_introspect)
    except ValidationError as error:
        registered = fault_of_members(error)
    if isinstance(registered, OAuthFault):
        raise Invalid(registered.description)
    async with transaction(engine) as connection:
        await insert_client(connection, registered.client, registered.metadata, now)
    return registered


async def list_clients(engine: Engine) -> list[tuple[Client, datetime]]:
    """The clients that were added, oldest first, each with the time of its last use (to the day)."""
    async with transaction(engine) as connection:
        return await find_preregistered(connection)


async def end_client(engine: Engine, client_id: str, now: datetime) -> list[UUID]:
    """Remove a client of any kind, and end its grants: their ids, to be told to other processes.

    Raises `NotFound`.
    """
    async with transaction(engine) as connection:
        ended = await remove_client(connection, client_id, now)
    if ended is None:
        raise NotFound(f"There is no client {client_id}.")
    return ended
