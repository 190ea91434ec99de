"""Grants that are created without a consent page: for API keys, service accounts, and tokens of other issuers."""

from datetime import datetime
from uuid import UUID

from app.audit.models import Action, AuditEntry
from app.audit.repository import record
from app.db import Connection
from app.oauth.grants.connected_apps_repository import MOST_CONNECTIONS
from app.oauth.grants.models import NewGrant
from app.oauth.grants.repository import count_live, insert_grant
from app.people.repository import lock_person
from app.scopes import format_scope


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
