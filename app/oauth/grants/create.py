"""Grants that come about without a consent page: keys, service accounts, and the first token of another issuer."""

from collections.abc import Iterable
from dataclasses import replace
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
    """Whether a person may have one more connection. They are locked, so that no other one is approved, and no other
    key made, before the transaction ends."""
    await lock_person(connection, person_id)
    return await count_live(connection, person_id, now) < MOST_CONNECTIONS


async def make_grant(
    connection: Connection, grant: NewGrant, now: datetime, *, by_command: bool = True, address: str | None = None
) -> None:
    """Store a grant and record it; `by_command` when not the person, but whoever runs the service made it. `address` is
    the network address that asked for it, if one did."""
    await insert_grant(connection, grant, now)
    person_id = None if by_command else grant.person_id
    other_person_id = grant.person_id if by_command else None
    entry = entry_of_new_grant(grant.id, grant.client_id, grant.kind, grant.scopes, now, person_id, other_person_id)
    await record(connection, replace(entry, address=address))


def entry_of_new_grant(
    grant_id: UUID,
    client_id: str,
    kind: str,
    scopes: Iterable[str],
    now: datetime,
    person_id: UUID | None,
    other_person_id: UUID | None = None,
) -> AuditEntry:
    """The entry about a new grant: its kind and scopes are its detail."""
    return AuditEntry(
        action=Action.GRANT_MADE,
        at=now,
        person_id=person_id,
        other_person_id=other_person_id,
        client_id=client_id,
        grant_id=grant_id,
        detail=f"{kind} {format_scope(scopes)}",
    )
