"""Deletion of expired requests and codes, used assertions, unused clients and ended grants; end of unused grants."""

from datetime import datetime, timedelta
from typing import Final

from app.db import Connection, Engine
from app.db.purge import Step, in_batches
from app.oauth import retention_repository as store
from app.oauth.grants.revocation import GrantRevocations, RevocationReason
from app.oauth.retention_repository import unused
from app.oauth.tokens.refresh_tokens import UNUSED_FOR

EXPIRED_FOR: Final = timedelta(hours=24)
"""How long codes and documents are kept after they expire: the replay of a code must still be recognized."""

REQUEST_EXPIRED_FOR: Final = timedelta(hours=1)
"""How long authorization requests are kept after they expire. They are large, and anyone can create many."""

REGISTRATION_UNUSED_FOR: Final = timedelta(days=90)
REGISTRATION_NEVER_USED_FOR: Final = timedelta(days=30)
"""Anyone can register many clients; a serious one gets its first token within minutes. But a person may put off the
approval, and the client does not learn at /oauth/authorize that it has to register again."""

ENDED_FOR: Final = timedelta(days=90)
"""How long grants are kept after their end, with the hashes of their tokens and keys."""


async def delete_expired(engine: Engine, now: datetime) -> int:
    """Delete what is no longer needed, and return the number of rows. Raises `Unavailable`."""
    steps: list[Step] = [
        lambda connection: store.delete_requests(connection, now - REQUEST_EXPIRED_FOR),
        lambda connection: store.delete_sign_ins(connection, now - EXPIRED_FOR),
        lambda connection: store.delete_codes(connection, now - EXPIRED_FOR),
        lambda connection: store.delete_assertions(connection, now),
        lambda connection: store.delete_registrations(connection, now - REGISTRATION_UNUSED_FOR, now),
        lambda connection: store.delete_new_registrations(connection, now - REGISTRATION_NEVER_USED_FOR, now),
        lambda connection: store.delete_documents(connection, now - EXPIRED_FOR, now),
        lambda connection: store.delete_refresh_tokens(connection, now - ENDED_FOR),
        lambda connection: store.delete_grants(connection, now - ENDED_FOR),
        lambda connection: store.delete_service_clients(connection, now - ENDED_FOR),
    ]
    return sum([await in_batches(engine, step) for step in steps])


async def revoke_unused(engine: Engine, now: datetime) -> int:
    """Revoke consents without a refresh for UNUSED_FOR, and return how many. Raises `Unavailable`."""
    return await in_batches(engine, lambda connection: _end_batch(connection, now))


async def _end_batch(connection: Connection, now: datetime) -> int:
    # Caches need not hear of it: the last access token expired long ago.
    revocations = GrantRevocations(lambda grant_id: None)
    return len(await revocations.revoke(connection, unused(now - UNUSED_FOR, now), RevocationReason.UNUSED, now))
