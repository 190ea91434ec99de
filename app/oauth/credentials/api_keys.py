"""API keys: opaque bearer tokens `slk_...` for programs whose owner can't approve them in a browser."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.crypto.tokens import API_KEY_PREFIX, KEY_ID_PREFIX, hash_of, new_public_id, new_secret
from app.db import Connection, new_id
from app.errors import Conflict, Invalid, NotFound
from app.households.repository import memberships_of
from app.households.tenant import named
from app.oauth.credentials.repository import find_grant_of_key_id, insert_api_key
from app.oauth.grants.connected_apps_repository import MOST_CONNECTIONS
from app.oauth.grants.create import create_grant, has_room
from app.oauth.grants.models import GrantKind, NewGrant
from app.oauth.grants.repository import by_id
from app.oauth.grants.revocation import GrantRevocations, RevocationReason
from app.people.identities import find_anybody
from app.scopes import ALL_SCOPES, DEFAULT_SCOPES, expand
from app.text import clean

MOST_DAYS: Final = 365
DEFAULT_DAYS: Final = 90
LONGEST_NAME: Final = 100

_SHAPE: Final = re.compile(rf"{API_KEY_PREFIX}[A-Za-z0-9_-]{{43}}")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key to create: for a person (as `find_anybody` finds them), a household of theirs, scopes, and a number of
    days. `by_command` says that the operator makes it, not the person, whose network address is `address`."""

    person: str
    household: str
    scopes: Sequence[str] = DEFAULT_SCOPES
    days: int = DEFAULT_DAYS
    name: str = "API key"
    by_command: bool = True
    address: str | None = None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key. `secret` is the key itself; it is not stored, and can't be shown again."""

    id: str
    secret: str = field(repr=False)
    expires_at: datetime


def is_api_key(token: str) -> bool:
    """Whether a bearer token has the shape of an API key."""
    return _SHAPE.fullmatch(token) is not None


async def create_api_key(connection: Connection, resource: str, new: NewKey, now: datetime) -> IssuedKey:
    """Create a key for `resource`.

    Raises `Invalid` naming the field, `NotFound` for an unknown person or a household that is not theirs, `Ambiguous`
    when several people, or several of their households, have that name, and `Conflict` for a person with too many
    connections.
    """
    if not 1 <= new.days <= MOST_DAYS:
        raise Invalid(f"days: a key lasts 1 to {MOST_DAYS} days.", field="days")
    unknown = [scope for scope in new.scopes if scope not in ALL_SCOPES]
    if unknown or not new.scopes:
        raise Invalid(f"scopes: choose among {', '.join(ALL_SCOPES)}.", field="scopes")
    name = clean(new.name, "name", LONGEST_NAME)
    person_id = await find_anybody(connection, new.person)
    household_id = await _find_household(connection, person_id, new.household)
    if not await has_room(connection, person_id, now):
        raise Conflict(f"person: {MOST_CONNECTIONS} connections are the limit. End some first.", field="person")
    secret = new_secret(API_KEY_PREFIX)
    grant = NewGrant(
        id=new_id(),
        person_id=person_id,
        client_id=new_public_id(KEY_ID_PREFIX),
        client={"name": name, "kind": GrantKind.KEY},
        scopes=expand(new.scopes),
        resource=resource,
        household_ids=[household_id],
        default_household_id=household_id,
        expires_at=now + timedelta(days=new.days),
        kind=GrantKind.KEY,
    )
    await create_grant(connection, grant, now, by_command=new.by_command, address=new.address)
    await insert_api_key(connection, hash_of(secret), grant.id)
    return IssuedKey(grant.client_id, secret, now + timedelta(days=new.days))


async def revoke_api_key(connection: Connection, key_id: str, revocations: GrantRevocations, now: datetime) -> None:
    """Revoke a key at once. Raises `NotFound` for an unknown id, `Conflict` when it was revoked before."""
    grant_id = await find_grant_of_key_id(connection, key_id)
    if grant_id is None:
        raise NotFound("There is no API key with this id; `api-keys list` shows them all.", field="id")
    if not await revocations.revoke(connection, by_id(grant_id), RevocationReason.BY_OPERATOR, now):
        raise Conflict("This key is revoked already.", field="id")


async def _find_household(connection: Connection, person_id: UUID, household: str) -> UUID:
    try:
        return named(await memberships_of(connection, person_id), household).household_id
    except NotFound as error:
        message = "household: the person is in no household of that name."
        raise NotFound(message, field="household", candidates=error.candidates) from None
