"""Rotation of the signing key: by command, and by age.

The new key is published an hour before its first use, so that by then every process, and everyone who caches the key
set, has it. Then the old one stops signing; it stays published until the last token that it signed has expired.
"""

from datetime import datetime, timedelta
from typing import Final

from pydantic import SecretStr

from app.audit.models import Action, AuditEntry
from app.audit.repository import record
from app.db import Connection
from app.oauth.signing.key_ring import PUBLISHED_AFTER_RETIREMENT, create_key
from app.oauth.signing.repository import StoredKey, find_keys, insert_key, retire_keys_before

PUBLISHED_BEFORE_USE: Final = timedelta(hours=1)
OLDEST: Final = timedelta(days=90)


async def rotate_keys(
    connection: Connection, secret_key: SecretStr, now: datetime, *, active_for: timedelta = timedelta(0)
) -> StoredKey | None:
    """Create the next key, which retires the others when it becomes active.

    Returns None, changing nothing, while the newest key has not been active for `active_for` (or the service has not
    created its first one): of processes that rotate at once, one succeeds.
    """
    newest = next(iter(await find_keys(connection, now - PUBLISHED_AFTER_RETIREMENT)), None)
    if newest is None or newest.active_from > now - active_for:
        return None
    key = create_key(newest.generation + 1, secret_key, now + PUBLISHED_BEFORE_USE)
    if not await insert_key(connection, key, now):
        return None
    await retire_keys_before(connection, key.generation, key.active_from)
    await record(connection, AuditEntry(action=Action.KEY_ROTATED, at=now, detail=key.kid))
    return key


async def rotate_old_keys(connection: Connection, secret_key: SecretStr, now: datetime) -> StoredKey | None:
    """Rotate if the newest key has been active for 90 days; else return None."""
    return await rotate_keys(connection, secret_key, now, active_for=OLDEST)
