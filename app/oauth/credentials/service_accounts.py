"""Service accounts: programs that act in their own name, in one household, with one role.

An account is a client of kind `service`, a person without credentials that it acts as (whose name the household reads
in its activity), that person's membership, and a grant of kind `service`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from app.audit.models import Action, AuditEntry
from app.audit.repository import record
from app.crypto.tokens import CLIENT_SECRET_PREFIX, SERVICE_ID_PREFIX, hash_of, new_public_id, new_secret
from app.db import Connection, new_id
from app.errors import Conflict, Invalid, NotFound
from app.households.finding import find_among_all
from app.households.members import join, leave
from app.households.models import Role
from app.oauth.clients.keys import NO_KEYS, GivenKeys, check_given_keys
from app.oauth.clients.models import CONFIDENTIAL_METHODS, PRIVATE_KEY_JWT, Client, ClientKind
from app.oauth.clients.repository import insert_client, lock_client
from app.oauth.credentials.repository import find_service_account
from app.oauth.grants.create import create_grant
from app.oauth.grants.models import GrantKind, GrantRow, NewGrant
from app.oauth.grants.repository import by_id, find_grant_households, of_client
from app.oauth.grants.revocation import GrantRevocations, RevocationReason
from app.people.repository import insert_service_person
from app.scopes import scopes_of_role
from app.text import clean

LONGEST_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to create: in a household (its name or ref), with a role and an authentication method."""

    name: str
    household: str
    role: Role
    method: str = CONFIDENTIAL_METHODS[0]
    keys: GivenKeys = NO_KEYS


@dataclass(frozen=True, slots=True)
class IssuedAccount:
    """A new account. `secret`, if it has one, is not stored, and can't be shown again."""

    client_id: str
    secret: str | None = field(repr=False)


async def create_service_account(
    connection: Connection, resource: str, new: NewAccount, now: datetime
) -> IssuedAccount:
    """Create an account for `resource`.

    Raises `Invalid` naming the field, `NotFound` and `Ambiguous` for the household.
    """
    if new.role not in ("editor", "viewer"):
        raise Invalid("role: a service account is an editor or a viewer.", field="role")
    name = clean(new.name, "name", LONGEST_NAME)
    if new.method not in CONFIDENTIAL_METHODS:
        raise Invalid(f"method: choose among {', '.join(CONFIDENTIAL_METHODS)}.", field="method")
    keys = check_given_keys(new.method, new.keys)
    household_id = await find_among_all(connection, new.household)
    secret = None if new.method == PRIVATE_KEY_JWT else new_secret(CLIENT_SECRET_PREFIX)
    client = Client(
        id=new_public_id(SERVICE_ID_PREFIX),
        kind=ClientKind.SERVICE,
        name=name,
        redirect_uris=(),
        token_endpoint_auth_method=new.method,
        secret_hash=None if secret is None else hash_of(secret),
        jwks=keys.jwks,
        jwks_uri=keys.jwks_uri,
    )
    metadata = {"client_name": name, "grant_types": ["client_credentials"]}
    await insert_client(connection, client, metadata, now)
    await record(
        connection, AuditEntry(action=Action.CLIENT_REGISTERED, at=now, client_id=client.id, detail=client.kind)
    )
    person = await insert_service_person(connection, client.id, name, now)
    await join(connection, household_id, person.id, new.role, now, by=None)
    grant = _new_grant(person.id, client.id, name, scopes_of_role(new.role), resource, household_id)
    await create_grant(connection, grant, now)
    return IssuedAccount(client.id, secret)


async def revoke_service_account(
    connection: Connection, client_id: str, revocations: GrantRevocations, now: datetime
) -> UUID:
    """Revoke an account: its grant and its membership. What it did stays on record under its name.

    Returns the household that it left, for caches of memberships. Raises `NotFound` for an unknown id, `Conflict` when
    it was revoked before.
    """
    await lock_client(connection, client_id)
    account = await find_service_account(connection, client_id)
    if account is None:
        raise NotFound("There is no service account with this id; `service-accounts list` shows them all.", field="id")
    ended = await revocations.revoke(connection, of_client(client_id), RevocationReason.BY_OPERATOR, now)
    has_left = await leave(connection, account.household_id, account.person_id, now, by=None)
    if not ended and not has_left:
        raise Conflict("This service account is revoked already.", field="id")
    return account.household_id


async def revoke_tokens(connection: Connection, grant: GrantRow, revocations: GrantRevocations, now: datetime) -> bool:
    """Revoke the tokens of a service account (RFC 7009 section 2.1) but not the account, which gets a new grant.

    Returns False when they were revoked already. The client must be locked, so that the account is not revoked
    meanwhile.
    """
    if not await revocations.revoke(connection, by_id(grant.id), RevocationReason.BY_CLIENT, now):
        return False
    (household_id, _), *_ = await find_grant_households(connection, grant.id)
    another = _new_grant(
        grant.person_id, grant.client_id, grant.client_name, grant.scopes, grant.resource, household_id
    )
    await create_grant(connection, another, now, by_command=False, address=revocations.address)
    return True


def _new_grant(
    person_id: UUID, client_id: str, name: str, scopes: Iterable[str], resource: str, household_id: UUID
) -> NewGrant:
    return NewGrant(
        id=new_id(),
        person_id=person_id,
        client_id=client_id,
        client={"name": name, "kind": GrantKind.SERVICE},
        scopes=scopes,
        resource=resource,
        household_ids=[household_id],
        default_household_id=household_id,
        expires_at=None,
        kind=GrantKind.SERVICE,
    )
