"""The sealer: gives the entries that have no seal yet their places in the chain.

Transactions end in another order than they begin, so rows become visible out of the order of their ids and times. The
chain needs no such order: an entry's place is the one in which the sealer finds it. What becomes visible later comes
later, and no gap is left for it. One process at a time seals (docs/decisions/0013-audit.md).
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from app.audit import repository
from app.audit.chain import BrokenChain, Chain, ChainLink, new_chain, open_chain, seal_of
from app.audit.models import AuditEntry
from app.db import Connection, Engine, open_transaction
from app.db.leader import try_lead
from app.settings import Settings

LEAD: Final = 0x4175_6469  # any fixed number that no other lock of this database has
BATCH: Final = 1_000

_CUT: Final = "The chain ends before an entry that was sealed already: the end of the record was taken away."
_LOST: Final = "Entries changed while they were sealed."


class AuditChainer:
    """Seals for one process; it remembers how far the chain reached."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._secret_keys = settings.secret_keys
        self._seen = 0
        self._key_is_current = False

    async def seal_all(self) -> ChainLink | None:
        """Seal every entry that is visible now; the new head, or None when there was nothing to seal here.

        Raises `BrokenChain` when the chain is not as it was left, `Unavailable` when the database is away.
        """
        head: ChainLink | None = None
        while (found := await self._seal_some()) is not None:
            head, is_more = found
            if not is_more:
                break
        return head

    async def _seal_some(self) -> tuple[ChainLink, bool] | None:
        """The new head, and whether there may be more to seal."""
        async with open_transaction(self._engine) as opened:
            connection = opened.connection
            if not await try_lead(connection, LEAD):
                return None
            entries = await repository.find_unsealed(opened.driver, BATCH)
            if not entries and self._key_is_current:
                return None
            chain = await self._chain(connection)
            if entries:
                chain, seals = _sealed(chain, entries)
                if await repository.set_seals(opened.driver, seals) != len(seals):
                    raise BrokenChain(_LOST)
            if entries or chain.is_sealed_anew:
                await repository.update_chain(connection, chain.stored())
        self._seen, self._key_is_current = chain.head.no, True
        return (chain.head, len(entries) == BATCH) if entries else None

    async def _chain(self, connection: Connection) -> Chain:
        stored = await repository.find_chain(connection)
        if stored is not None:
            chain = open_chain(stored, self._secret_keys)
            if chain.head.no < self._seen:
                raise BrokenChain(_CUT)
            return chain
        if self._seen or await repository.find_sealed(connection, 0, 1):
            raise BrokenChain(_CUT)
        chain = new_chain(self._secret_keys[0])
        await repository.insert_chain(connection, chain.stored())
        return chain


def _sealed(chain: Chain, entries: Sequence[AuditEntry]) -> tuple[Chain, list[tuple[UUID, int, bytes]]]:
    """The chain with these entries at its end, and the number and seal of each."""
    head = chain.head
    seals: list[tuple[UUID, int, bytes]] = []
    for entry in entries:
        no = head.no + 1
        head = ChainLink(no, seal_of(chain.key, head.seal, no, entry))
        seals.append((entry.id, head.no, head.seal))
    return chain.moved(head=head), seals
