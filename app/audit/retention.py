"""Forgetting what is older than it is kept. What goes is the beginning of the chain; the anchor says where it ended."""

from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from app.audit import repository
from app.audit.chain import BrokenChain, open_chain
from app.audit.chaining import LEAD
from app.audit.verify import Fault, check
from app.db import Connection, Engine
from app.db.leader import try_lead
from app.db.purge import in_batches
from app.settings import Settings

BATCH: Final = 2_000
MOST_BATCHES: Final = 10_000


async def forget(engine: Engine, settings: Settings, now: datetime) -> int:
    """Delete the entries that are older than AUDIT_DAYS, from the oldest on; how many.

    What is deleted is verified first: deleting must not hide that something was changed. While another process is at
    the chain nothing is done. Raises `BrokenChain` where the chain is broken, and `Unavailable`.
    """
    before = now - timedelta(days=settings.audit_days)
    return await in_batches(engine, lambda connection: _forget_some(connection, settings, before), MOST_BATCHES)


async def _forget_some(connection: Connection, settings: Settings, before: datetime) -> int:
    if not await try_lead(connection, LEAD):
        return 0
    stored = await repository.find_chain(connection)
    if stored is None:
        return 0
    chain = open_chain(stored, settings.secret_keys)
    found = await repository.find_sealed(connection, chain.anchor.no, BATCH)
    old = list(takewhile(lambda each: each.entry.at < before, found))
    reached = check(chain, chain.anchor, old)
    if isinstance(reached, Fault):
        raise BrokenChain(str(reached))
    if old:
        await repository.delete_sealed(connection, reached.no)
        await repository.update_chain(connection, chain.moved(anchor=reached).stored())
    return len(old)
