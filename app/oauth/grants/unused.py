"""Ending what people approved and nobody uses."""

from datetime import datetime

from app.db import Connection, Engine
from app.db.purge import in_batches
from app.oauth.grants.revocation import GrantRevocations, RevocationReason
from app.oauth.retention_repository import unused
from app.oauth.tokens.refresh import UNUSED_FOR


async def end_unused(engine: Engine, now: datetime) -> int:
    """End approvals without a refresh for UNUSED_FOR; how many. Raises `Unavailable`."""
    return await in_batches(engine, lambda connection: _end_some(connection, now))


async def _end_some(connection: Connection, now: datetime) -> int:
    # Nobody is told: the last access token ran out long ago, so no cache holds such a grant.
    endings = GrantRevocations(lambda grant_id: None)
    return len(await endings.end(connection, unused(now - UNUSED_FOR, now), RevocationReason.UNUSED, now))
