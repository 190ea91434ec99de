"""Forgetting what is over: requests, codes, used assertions, clients that nobody uses, and grants that ended."""

from datetime import datetime, timedelta
from typing import Final

from app.db import Connection, Engine
from app.db.purge import Step, in_batches
from app.oauth import retention_repository as store
from app.oauth.grants.revocation import GrantRevocations, RevocationReason
from app.oauth.retention_repository import unused
from app.oauth.tokens.refresh_tokens import UNUSED_FOR

OVER_FOR: Final = timedelta(hours=24)
"""How long codes and documents stay after their end: a code that comes again must still be known as one."""

REQUEST_OVER_FOR: Final = timedelta(hours=1)
"""The same of requests, which are good for nothing then. Each is as long as its `state`, and anybody can make many."""

REGISTRATION_UNUSED_FOR: Final = timedelta(days=90)
REGISTRATION_NEVER_USED_FOR: Final = timedelta(days=30)
"""Anybody can register many apps; one that means it gets its first token in the next minutes. But somebody may put off
the approval, and the app does not hear at /oauth/authorize that it has to register again."""

ENDED_FOR: Final = timedelta(days=90)
"""How long grants stay after their end, with the hashes of their tokens and keys."""


async def forget(engine: Engine, now: datetime) -> int:
    """Delete what is over; how many rows. Raises `Unavailable`."""
    steps: list[Step] = [
        lambda connection: store.delete_requests(connection, now - REQUEST_OVER_FOR),
        lambda connection: store.delete_sign_ins(connection, now - OVER_FOR),
        lambda connection: store.delete_codes(connection, now - OVER_FOR),
        lambda connection: store.delete_assertions(connection, now),
        lambda connection: store.delete_registrations(connection, now - REGISTRATION_UNUSED_FOR, now),
        lambda connection: store.delete_new_registrations(connection, now - REGISTRATION_NEVER_USED_FOR, now),
        lambda connection: store.delete_documents(connection, now - OVER_FOR, now),
        lambda connection: store.delete_refresh_tokens(connection, now - ENDED_FOR),
        lambda connection: store.delete_grants(connection, now - ENDED_FOR),
        lambda connection: store.delete_service_clients(connection, now - ENDED_FOR),
    ]
    return sum([await in_batches(engine, step) for step in steps])


async def end_unused(engine: Engine, now: datetime) -> int:
    """End approvals without a refresh for UNUSED_FOR; how many. Raises `Unavailable`."""
    return await in_batches(engine, lambda connection: _end_some(connection, now))


async def _end_some(connection: Connection, now: datetime) -> int:
    # Nobody is told: the last access token ran out long ago, so no cache holds such a grant.
    endings = GrantRevocations(lambda grant_id: None)
    return len(await endings.end(connection, unused(now - UNUSED_FOR, now), RevocationReason.UNUSED, now))
