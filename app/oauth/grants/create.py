"""Grants that are created without a consent page: for API keys, service accounts, and tokens of other issuers."""

from datetime import datetime
from uuid import UUID

from app.audit.models import Action, AuditEntry
from app.audit.repository import record
from app.db import Connection, new_id
from app.households.repository import memberships_of
from app.oauth.grants.connected_apps_repository import MOST_CONNECTIONS
from app.oauth.grants.models import GrantKind, NewGrant
from app.oauth.grants.repository import count_live, find_external_grant, insert_grant
from app.people.repository import lock_person
from app.scopes import ALL_SCOPES, format_scope


async def has_room(connection: Connection, person_id: UUID, now: datetime) -> bool:
    """Lock a person and return whether they may have one more grant; no other one can be approved meanwhile."""
    await lock_person(connection, person_id)
    return await count_live(connection, person_id, now) < MOST_CONNECTIONS


async def create_grant(
    connection: Connection, grant: NewGrant, now: datetime, *, by_command: bool = True, address: str | None = None
) -> bool:
    """Insert a grant as `insert_grant` does, and record it in the audit log.

    `by_command`: the operator created it, not the person. `address` is the network address that the request came from,
    if there was one.
    """
    if not await insert_grant(connection, grant, now):
        return False
    entry = AuditEntry(
        action=Action.GRANT_MADE,
        at=now,
        person_id=None if by_command else grant.person_id,
        other_person_id=grant.person_id if by_command else None,
        client_id=grant.client_id,
        grant_id=grant.id,
        detail=f"{grant.kind} {format_scope(grant.scopes)}",
        address=address,
    )
    await record(connection, entry)
    return True


async def create_external_grant(
    connection: Connection,
    person_id: UUID,
    issuer: str,
    client_id: str,
    resource: str,
    now: datetime,
    *,
    issuer_host: str | None = None,
) -> UUID | None:
    """Make the grant of a person for a client that another issuer, or this computer, vouches for, and return its id:
    that of the one that is there already, live or revoked; None for a person without any household.

    It covers the person's households of today, with all scopes: what vouches for the client narrows them.
    `issuer_host` is shown among the connected apps.
    """
    memberships = await memberships_of(connection, person_id)
    if not memberships:
        return None
    shown = {} if issuer_host is None else {"issuer_host": issuer_host}
    grant = NewGrant(
        id=new_id(),
        person_id=person_id,
        client_id=client_id,
        client={"name": client_id, "kind": GrantKind.EXTERNAL, **shown},
        scopes=ALL_SCOPES,
        resource=resource,
        household_ids=[each.household_id for each in memberships],
        default_household_id=memberships[0].household_id,
        expires_at=None,
        kind=GrantKind.EXTERNAL,
        issuer=issuer,
    )
    if await create_grant(connection, grant, now, by_command=False):
        return grant.id
    return await find_external_grant(connection, person_id, issuer, client_id)
