"""Deletion of expired requests and codes, used assertions, unused clients and ended grants; end of unused grants."""

from datetime import datetime
from functools import partial

from app.db import Connection, Engine
from app.db.purge import delete_old, in_batches
from app.oauth.grants.revocation import GrantRevocations, RevocationReason
from app.oauth.retention_repository import deletable, unused
from app.oauth.tokens.refresh_tokens import UNUSED_FOR


async def delete_expired(engine: Engine, now: datetime) -> int:
    """Delete what is no longer needed, and return the number of rows. Raises `Unavailable`."""
    return sum([await in_batches(engine, partial(delete_old, table=table, old=old)) for table, old in deletable(now)])


async def revoke_unused(engine: Engine, now: datetime) -> int:
    """Revoke consents without a refresh for UNUSED_FOR, and return how many. Raises `Unavailable`."""

    async def revoke_batch(connection: Connection) -> int:
        # No cache has to be told: the last access token expired long ago.
        revocations = GrantRevocations(lambda grant_id: None)
        return len(await revocations.revoke(connection, unused(now - UNUSED_FOR, now), RevocationReason.UNUSED, now))

    return await in_batches(engine, revoke_batch)
