"""Verifying the whole record, from the anchor to the head and beyond it to what is not sealed yet."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from pydantic import SecretStr

from app.audit import repository
from app.audit.chain import NO_CHAIN, BrokenChain, Chain, ChainLink, open_chain, seal_of
from app.audit.models import SealedEntry
from app.db import Connection, Engine, transaction

Kind = Literal["changed", "missing", "inserted", "unsealed"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the record: the kind, the number of the entry (None: of the chain itself), and a sentence."""

    kind: Kind
    no: int | None
    words: str

    def __str__(self) -> str:
        where = "the chain itself" if self.no is None else f"entry {self.no}"
        return f"{where}: {self.kind}. {self.words}"


def check(chain: Chain, previous: ChainLink, entries: Sequence[SealedEntry]) -> ChainLink | Fault:
    """Follow the chain from `previous` through these entries, in their order; where it leads to, or the first fault.

    An entry whose successor fits in its place was put in between; of any other wrong one it can't be told who moved.
    """
    for place, sealed in enumerate(entries):
        expected = previous.no + 1
        if sealed.no > expected:
            return Fault("missing", expected, f"The next entry is {sealed.no}.")
        if sealed.no < expected:
            return Fault("inserted", sealed.no, "Two entries have this number.")
        if sealed.no > chain.head.no:
            return Fault("inserted", sealed.no, f"The chain ends at {chain.head.no}.")
        if not _fits(chain, previous, sealed):
            successor = entries[place + 1] if place + 1 < len(entries) else None
            if successor is not None and _fits(chain, previous, successor):
                return Fault("inserted", sealed.no, "The entry after it was sealed in its place.")
            return Fault("changed", sealed.no, "It is not the entry that was sealed here.")
        previous = ChainLink(sealed.no, sealed.seal)
    return previous


def _fits(chain: Chain, previous: ChainLink, sealed: SealedEntry) -> bool:
    """Whether an entry is the one that was sealed after `previous`."""
    return hmac.compare_digest(seal_of(chain.key, previous.seal, previous.no + 1, sealed.entry), sealed.seal)


PAGE: Final = 2_000
SEALED_WITHIN: Final = timedelta(minutes=1)
"""A sealer seals each second; what waits longer was written while none was running, or was unsealed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many entries were sound, from after `anchor` to `head` (None: there is no chain), how many have no seal yet,
    and the first fault if there is one."""

    sound: int
    anchor: ChainLink | None
    head: ChainLink | None
    unsealed: int
    fault: Fault | None


async def verify(
    engine: Engine, secret_keys: Sequence[SecretStr], now: datetime, *, witness: ChainLink | None = None
) -> Verdict:
    """Verify the record as it is at one moment.

    `witness` is a head from the log: the chain must still pass through it. Without one, somebody who put back an older
    state of the database as a whole is not noticed. Raises `Unavailable` when the database is away.
    """
    async with transaction(engine) as connection:
        await repository.see_one_moment(connection)
        unsealed, oldest = await repository.oldest_unsealed(connection)
        stored = await repository.find_chain(connection)
        if stored is None:
            fault = await _without_chain(connection, unsealed, witness)
            return Verdict(0, None, None, unsealed, fault)
        try:
            chain = open_chain(stored, secret_keys)
        except BrokenChain as broken:
            return Verdict(0, stored.anchor, stored.head, unsealed, Fault("changed", None, str(broken)))
        end, has_met = await _follow(connection, chain, witness)
    if isinstance(end, Fault):
        sound = 0 if end.no is None else max(0, end.no - 1 - chain.anchor.no)
        return Verdict(sound, chain.anchor, chain.head, unsealed, end)
    fault = None
    if witness is not None and not has_met:
        fault = _fault_of_witness(witness, end)
    elif oldest is not None and oldest < now - SEALED_WITHIN:
        fault = Fault("unsealed", end.no + 1, f"{unsealed} entries have no seal, the oldest since {oldest:%F %T%z}.")
    return Verdict(end.no - chain.anchor.no, chain.anchor, chain.head, unsealed, fault)


async def _without_chain(connection: Connection, unsealed: int, witness: ChainLink | None) -> Fault | None:
    """A database that was never served from has neither entries nor a chain."""
    if unsealed or witness is not None or await repository.find_sealed(connection, 0, 1):
        return Fault("missing", None, NO_CHAIN)
    return None


def _fault_of_witness(witness: ChainLink, end: ChainLink) -> Fault:
    if witness.no > end.no:
        return Fault("missing", witness.no, f"The record ends at {end.no}, before the head that was given.")
    return Fault("missing", witness.no, "The chain does not pass through the head that was given.")


async def _follow(connection: Connection, chain: Chain, witness: ChainLink | None) -> tuple[ChainLink | Fault, bool]:
    """Where the chain ends, or its first fault; and whether it passes through the witness, or the entries as old as
    that were forgotten."""
    stray = await repository.find_stray(connection, chain.anchor.no)
    if stray is not None:
        return Fault("inserted", stray, f"The chain begins after {chain.anchor.no}."), False
    end = chain.anchor
    has_met = witness is None or witness.no < chain.anchor.no or witness == chain.anchor
    while entries := await repository.find_sealed(connection, end.no, PAGE):
        reached = check(chain, end, entries)
        if isinstance(reached, Fault):
            return reached, has_met
        end = reached
        has_met = has_met or any(each.no == witness.no and each.seal == witness.seal for each in entries if witness)
    if end.no < chain.head.no:
        return Fault("missing", end.no + 1, f"The chain goes on to {chain.head.no}."), has_met
    if end != chain.head:
        return Fault("changed", None, "The chain leads elsewhere."), has_met
    return end, has_met
