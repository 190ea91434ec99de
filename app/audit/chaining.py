"""Chaining new entries and deleting old ones; one process at a time does it (docs/decisions/0013-audit.md)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import takewhile
from typing import Final

from pydantic import SecretStr

from app.audit import repository
from app.audit.chain import AuditChain, BrokenChain, ChainLink, new_chain, open_chain
from app.audit.verify import Fault, follow
from app.db import Connection, Engine, open_transaction
from app.db.purge import in_batches
from app.db.transactions import try_lead

LEAD: Final = 0x4175_6469  # a number that no other advisory lock of this database has
BATCH: Final = 1_000
"""Entries chained in one transaction. The MACs of one batch hold up the event loop for about 10 ms."""

DELETE_BATCH: Final = 2_000
MOST_DELETE_BATCHES: Final = 10_000

_CUT: Final = "The chain ends before an entry that was chained already: the end of the record was taken away."
_LOST: Final = "Entries changed while they were added to the chain."


class AuditChainer:
    """Chains for one process, in the order in which it finds entries; it remembers how far the chain reached."""

    def __init__(self, engine: Engine, secret_keys: Sequence[SecretStr]) -> None:
        self._engine = engine
        self._secret_keys = secret_keys
        self._seen = 0
        self._key_is_current = False

    async def chain_all(self) -> ChainLink | None:
        """Add every visible entry to the chain; return the new head, or None when nothing was added here.

        Raises `BrokenChain` when the chain is not as it was left, `Unavailable` when the database can't be reached.
        """
        head: ChainLink | None = None
        while (added := await self._chain_batch()) is not None:
            head, is_more = added
            if not is_more:
                break
        return head

    async def _chain_batch(self) -> tuple[ChainLink, bool] | None:
        """Return the new head, and whether more entries may be waiting."""
        async with open_transaction(self._engine) as opened:
            connection = opened.connection
            if not await try_lead(connection, LEAD):
                return None
            entries = await repository.find_unchained(opened.driver, BATCH)
            if not entries and self._key_is_current:
                return None
            chain = await self._open_or_create(connection)
            if entries:
                chain, links = chain.extend(entry.values() for entry in entries)
                if await repository.store_links(opened.driver, entries, links) != len(links):
                    raise BrokenChain(_LOST)
            if entries or chain.needs_storing:
                await repository.update_chain(connection, chain.stored())
        self._seen, self._key_is_current = chain.head.no, True
        return (chain.head, len(entries) == BATCH) if entries else None

    async def _open_or_create(self, connection: Connection) -> AuditChain:
        stored = await repository.find_chain(connection)
        if stored is not None:
            chain = open_chain(stored, self._secret_keys)
            if chain.head.no < self._seen:
                raise BrokenChain(_CUT)
            return chain
        if self._seen or await repository.find_chained(connection, 0, 1):
            raise BrokenChain(_CUT)
        chain = new_chain(self._secret_keys[0])
        await repository.insert_chain(connection, chain.stored())
        return chain


async def delete_old(engine: Engine, secret_keys: Sequence[SecretStr], before: datetime) -> int:
    """Delete the entries from before a time, the oldest first; return how many.

    They are verified first, so that deleting never hides a change. Nothing is deleted while another process works on
    the chain. Raises `BrokenChain` where the chain is broken, and `Unavailable`.
    """
    return await in_batches(
        engine, lambda connection: _delete_batch(connection, secret_keys, before), MOST_DELETE_BATCHES
    )


async def _delete_batch(connection: Connection, secret_keys: Sequence[SecretStr], before: datetime) -> int:
    if not await try_lead(connection, LEAD):
        return 0
    stored = await repository.find_chain(connection)
    if stored is None:
        return 0
    chain = open_chain(stored, secret_keys)
    found = await repository.find_chained(connection, chain.anchor.no, DELETE_BATCH)
    old = list(takewhile(lambda each: each.entry.at < before, found))
    reached = follow(chain, chain.anchor, old)
    if isinstance(reached, Fault):
        raise BrokenChain(str(reached))
    if old:
        await repository.delete_chained(connection, reached.no)
        await repository.update_chain(connection, replace(chain, anchor=reached).stored())
    return len(old)
