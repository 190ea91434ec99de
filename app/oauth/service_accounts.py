"""Service accounts: programs that act in their own name, in one household, with one role.

An account is a client that whoever runs the service registered, somebody without credentials to act as (their name is
what the household reads in its activity), their membership, and a grant of kind `service`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import jwt

from app.db import Connection, new_id
from app.errors import Ambiguous, Conflict, Invalid, NotFound
from app.households.membership import Role
from app.households.repository import delete_membership, households_named, insert_membership
from app.oauth.store.clients import Client, insert_client
from app.oauth.store.grants import NewGrant, insert_grant, revoke_grant
from app.oauth.store.service_accounts import find_service_account
from app.ops.secrets import CLIENT_SECRET_PREFIX, SERVICE_ID_PREFIX, hash_of, new_public_id, new_secret
from app.people.store import insert_service_person
from app.scopes import scopes_of_role
from app.text import clean

LONGEST_NAME: Final = 100

ServiceMethod = Literal["client_secret_basic", "client_secret_post", "private_key_jwt"]


@dataclass(frozen=True, slots=True)
class WantedAccount:
    """An account to be made: where (name or ref of a household), as what, and how it proves itself.

    `jwks` is the account's JWK Set with public keys, for `private_key_jwt` and for nothing else.
    """

    name: str
    household: str
    role: Role
    method: ServiceMethod = "client_secret_basic"
    jwks: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class IssuedAccount:
    """A new account. `secret`, if it has one, is nowhere else, and can't be shown again."""

    client_id: str
    secret: str | None = field(repr=False)


async def create_service_account(
    connection: Connection, resource: str, wanted: WantedAccount, now: datetime
) -> IssuedAccount:
    """Make an account for `resource`.

    Raises `Invalid` naming the field, `NotFound` and `Ambiguous` for the household.
    """
    if wanted.role not in ("editor", "viewer"):
        raise Invalid("role: a service account is an editor or a viewer.", field="role")
    name = clean(wanted.name, "name", LONGEST_NAME)
    jwks = _checked_jwks(wanted)
    household_id = await _household(connection, wanted.household)
    secret = None if wanted.method == "private_key_jwt" else new_secret(CLIENT_SECRET_PREFIX)
    client = Client(
        id=new_public_id(SERVICE_ID_PREFIX),
        kind="preregistered",
        name=name,
        redirect_uris=(),
        token_endpoint_auth_method=wanted.method,
        secret_hash=None if secret is None else hash_of(secret),
        jwks=jwks,
    )
    metadata = {"client_name": name, "grant_types": ["client_credentials"]}
    await insert_client(connection, client, metadata, now)
    person = await insert_service_person(connection, client.id, name, now)
    await insert_membership(connection, household_id, person.id, wanted.role)
    grant = NewGrant(
        id=new_id(),
        person_id=person.id,
        client_id=client.id,
        client={"name": name, "kind": "service"},
        scopes=scopes_of_role(wanted.role),
        resource=resource,
        household_ids=[household_id],
        default_household_id=household_id,
        expires_at=None,
        kind="service",
    )
    await insert_grant(connection, grant, now)
    return IssuedAccount(client.id, secret)


async def revoke_service_account(connection: Connection, client_id: str, now: datetime) -> UUID:
    """End an account: its grant, and its membership. What it did stays on record under its name.

    Answers the grant, for those who keep it in memory. Raises `NotFound` for an unknown id, `Conflict`
    when it was ended before.
    """
    account = await find_service_account(connection, client_id)
    if account is None:
        raise NotFound("There is no service account with this id; `service-accounts list` shows them all.", field="id")
    if not await revoke_grant(connection, account.grant_id, "revoked_by_operator", now):
        raise Conflict("This service account is revoked already.", field="id")
    await delete_membership(connection, account.household_id, account.person_id)
    return account.grant_id


def _checked_jwks(wanted: WantedAccount) -> dict[str, Any] | None:
    if (wanted.jwks is not None) != (wanted.method == "private_key_jwt"):
        raise Invalid("jwks: keys are for the method private_key_jwt, which needs them.", field="jwks")
    if wanted.jwks is None:
        return None
    try:
        keys = jwt.PyJWKSet.from_dict(wanted.jwks).keys
    except (jwt.PyJWTError, TypeError, AttributeError, ValueError):
        raise Invalid("jwks: this is no JWK Set with a key that can be used.", field="jwks") from None
    if any(member in key for key in wanted.jwks["keys"] for member in ("d", "k")):
        raise Invalid("jwks: it holds a private key. Give the public halves, and replace this key.", field="jwks")
    return wanted.jwks if keys else None


async def _household(connection: Connection, name: str) -> UUID:
    found = await households_named(connection, name)
    if not found:
        raise NotFound("household: there is none of this name or ref.", field="household")
    if len(found) > 1:
        candidates = [f"{each} ({ref})" for _, each, ref in found]
        raise Ambiguous("household: several have this name; use the ref.", field="household", candidates=candidates)
    return found[0][0]
