"""Verifying the whole record: from the anchor to the head, and the entries that wait for their place behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from pydantic import SecretStr

from app.audit import repository
from app.audit.chain import NO_CHAIN, AuditChain, BrokenChain, ChainedEntry, ChainLink, open_chain
from app.db import Connection, Engine, transaction

PAGE: Final = 2_000
CHAINED_WITHIN: Final = timedelta(minutes=1)
"""Entries are chained every few seconds; what waits longer was written while no service ran, or lost its place."""

Kind = Literal["changed", "missing", "inserted", "unchained"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the record: the kind, the number of the entry (None: the chain itself), and a sentence."""

    kind: Kind
    no: int | None
    reason: str

    def __str__(self) -> str:
        where = "the chain itself" if self.no is None else f"entry {self.no}"
        return f"{where}: {self.kind}. {self.reason}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify` found: how many entries are valid from after `anchor` to `head` (None: there is no chain), how many
    have no place in the chain yet, and the first fault."""

    valid: int
    anchor: ChainLink | None
    head: ChainLink | None
    waiting: int
    fault: Fault | None


async def verify(
    engine: Engine, secret_keys: Sequence[SecretStr], now: datetime, *, witness: ChainLink | None = None
) -> Verdict:
    """Verify one snapshot of the record.

    The chain must pass through `witness`, a head from the log. Without one, an older copy of the whole database is not
    noticed. Raises `Unavailable` when the database can't be reached.
    """
    async with transaction(engine) as connection:
        await repository.read_one_snapshot(connection)
        waiting, oldest = await repository.count_unchained(connection)
        stored = await repository.find_chain(connection)
        if stored is None:
            # Only a database that no service has written to has no chain.
            is_new = not waiting and witness is None and not await repository.find_chained(connection, 0, 1)
            return Verdict(0, None, None, waiting, None if is_new else Fault("missing", None, NO_CHAIN))
        try:
            chain = open_chain(stored, secret_keys)
        except BrokenChain as broken:
            return Verdict(0, stored.anchor, stored.head, waiting, Fault("changed", None, str(broken)))
        end, has_met = await _follow_to_the_head(connection, chain, witness)
    if isinstance(end, Fault):
        valid = 0 if end.no is None else max(0, end.no - 1 - chain.anchor.no)
        return Verdict(valid, chain.anchor, chain.head, waiting, end)
    fault = None
    if witness is not None and not has_met:
        ends_before = f"The record ends at {end.no}, before the head that was given."
        passes_by = "The chain does not pass through the head that was given."
        fault = Fault("missing", witness.no, ends_before if witness.no > end.no else passes_by)
    elif oldest is not None and oldest < now - CHAINED_WITHIN:
        fault = Fault("unchained", end.no + 1, f"{waiting} entries are not chained, the oldest since {oldest:%F %T%z}.")
    return Verdict(end.no - chain.anchor.no, chain.anchor, chain.head, waiting, fault)


def follow(chain: AuditChain, previous: ChainLink, entries: Sequence[ChainedEntry]) -> ChainLink | Fault:
    """Follow the chain from `previous` through these entries, in their order; return where it leads or the first fault.

    If the entry after a wrong one fits in its place, the wrong one was inserted; otherwise either may have moved.
    """
    for place, entry in enumerate(entries):
        expected = previous.no + 1
        if entry.no > expected:
            return Fault("missing", expected, f"The next entry is {entry.no}.")
        if entry.no < expected:
            return Fault("inserted", entry.no, "Two entries have this number.")
        if entry.no > chain.head.no:
            return Fault("inserted", entry.no, f"The chain ends at {chain.head.no}.")
        if not chain.continues(previous, entry):
            successor = entries[place + 1] if place + 1 < len(entries) else None
            if successor is not None and chain.continues(previous, successor):
                return Fault("inserted", entry.no, "The entry after it was chained in its place.")
            return Fault("changed", entry.no, "It is not the entry that was chained here.")
        previous = ChainLink(entry.no, entry.mac)
    return previous


async def _follow_to_the_head(
    connection: Connection, chain: AuditChain, witness: ChainLink | None
) -> tuple[ChainLink | Fault, bool]:
    """Return where the chain ends or its first fault, and whether it passes through the witness or begins after it."""
    stray = await repository.find_stray(connection, chain.anchor.no)
    if stray is not None:
        return Fault("inserted", stray, f"The chain begins after {chain.anchor.no}."), False
    end = chain.anchor
    has_met = witness is None or witness.no < chain.anchor.no or witness == chain.anchor
    while entries := await repository.find_chained(connection, end.no, PAGE):
        reached = follow(chain, end, entries)
        if isinstance(reached, Fault):
            return reached, has_met
        end = reached
        has_met = has_met or any(each.no == witness.no and each.mac == witness.mac for each in entries if witness)
    if end.no < chain.head.no:
        return Fault("missing", end.no + 1, f"The chain goes on to {chain.head.no}."), has_met
    if end != chain.head:
        return Fault("changed", None, "The chain leads elsewhere."), has_met
    return end, has_met
