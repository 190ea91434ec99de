"""Is a stretch of the chain as it was sealed? The first place where it is not, and in which way."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.audit.chain import Chain, Link
from app.audit.entry import SealedEntry
from app.audit.seals import seal_of

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


def check(chain: Chain, previous: Link, entries: Sequence[SealedEntry]) -> Link | Fault:
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
        previous = Link(sealed.no, sealed.seal)
    return previous


def _fits(chain: Chain, previous: Link, sealed: SealedEntry) -> bool:
    """Whether an entry is the one that was sealed after `previous`."""
    return hmac.compare_digest(seal_of(chain.key, previous.seal, previous.no + 1, sealed.entry), sealed.seal)
