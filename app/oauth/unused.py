"""Ending what people approved and nobody uses."""

from datetime import datetime
from typing import Final

from app.audit.entry import Action, Entry
from app.audit.recording import record
from app.db import Connection, Engine
from app.db.purge import in_batches
from app.oauth.refresh import UNUSED_FOR
from app.oauth.revoking import Endings
from app.oauth.store.retention import find_unused

UNUSED: Final = "unused"


async def end_unused(engine: Engine, now: datetime) -> int:
    """End approvals without a refresh for UNUSED_FOR; how many. Raises `Unavailable`."""
    return await in_batches(engine, lambda connection: _end_some(connection, now))


async def _end_some(connection: Connection, now: datetime) -> int:
    # Nobody is told: the last access token ran out long ago, so no cache holds such a grant.
    endings = Endings(lambda grant_id: None)
    found = await find_unused(connection, now - UNUSED_FOR, now)
    for grant in found:
        await endings.end(connection, grant.id, UNUSED, now)
        entry = Entry(
            action=Action.GRANT_REVOKED,
            at=now,
            person_id=grant.person_id,
            client_id=grant.client_id,
            grant_id=grant.id,
            detail=UNUSED,
        )
        await record(connection, entry)
    return len(found)
