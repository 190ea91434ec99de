"""Password hashing with argon2id: never on the event loop, never more than two at once."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Final, TypeVar

import anyio
import anyio.to_thread
from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from app.errors import Invalid, Unavailable
from app.limits.concurrency import PerKeyLimiter
from app.people.password_strength import check_strength
from app.text import check_text

SHORTEST: Final = 8
LONGEST: Final = 1024

# OWASP's second recommendation for argon2id. Two at once keep the memory for hashing below 40 MiB.
MEMORY_KIB: Final = 19 * 1024
ROUNDS: Final = 2
AT_ONCE: Final = 2
LONGEST_QUEUE: Final = 32
OF_NETWORK: Final = 6
"""How many at once, working or waiting, of one network address; the rest of the queue is for others."""
RETRY_SECONDS: Final = 5

_TOO_MANY: Final = "Too many people are signing in right now. Try again shortly."

_T = TypeVar("_T")


def check_new_password(password: str) -> None:
    """Raise `Invalid` for `password` unless it has 8 to 1,024 characters."""
    check_given_password(password)
    if len(password) < SHORTEST:
        raise Invalid(f"The password is too short. Use at least {SHORTEST} characters.", field="password")


def check_given_password(password: str) -> None:
    """Raise `Invalid` for a text that can't be a password, so that no work is spent on it."""
    check_text(password, "password")
    if len(password) > LONGEST:
        raise Invalid(f"The password is too long. Use at most {LONGEST} characters.", field="password")


class PasswordHashing:
    """Hashes and verifies passwords in threads, two at once, with a bounded queue in front.

    Raises `Unavailable` when the queue is full, so that a flood of sign-ins can't exhaust the memory, and when a
    `requester`, a network address, already has its share of it: some passwords take long to score, and a few requests
    with them must not fill the queue. A requester of None has no share.
    """

    def __init__(self, hasher: PasswordHasher | None = None, *, longest_queue: int = LONGEST_QUEUE) -> None:
        self._hasher = hasher or PasswordHasher(
            time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
        )
        self._places = anyio.CapacityLimiter(AT_ONCE)
        self._room = anyio.CapacityLimiter(max(0, longest_queue + AT_ONCE))
        self._shares = PerKeyLimiter(OF_NETWORK)
        # Stands in for the missing hash of an unknown account, so that both take the same time.
        self._nobodys_hash = self._hasher.hash("nobody has this password")

    async def hash(self, password: str, requester: str | None = None) -> str:
        """Return the encoded hash to store."""
        return await self._in_turn(requester, lambda: self._hasher.hash(password))

    async def hash_new(self, password: str, personal: Iterable[str], requester: str | None) -> str:
        """Return the hash of a password that a person chooses; `personal` is what others may know about them.

        Raises `Invalid` for `password` if it is too short, too long or easy to guess.
        """
        check_new_password(password)
        return await self._in_turn(requester, lambda: self._hash_if_strong(password, personal))

    async def verify(self, password: str, stored: str | None, requester: str | None) -> bool:
        """Return whether `stored` is a hash of `password`. Without a stored hash: False, after the same work."""
        matches = await self._in_turn(requester, lambda: self._matches(password, stored or self._nobodys_hash))
        return matches and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Return whether `stored` was made with other parameters than the current ones."""
        return self._hasher.check_needs_rehash(stored)

    def _hash_if_strong(self, password: str, personal: Iterable[str]) -> str:
        check_strength(password, personal)
        return self._hasher.hash(password)

    def _matches(self, password: str, stored: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_turn(self, requester: str | None, work: Callable[[], _T]) -> _T:
        holder = object()
        with ExitStack() as taken:
            try:
                for limiter in (self._room, *self._shares.for_networks(requester)):
                    limiter.acquire_on_behalf_of_nowait(holder)
                    taken.callback(limiter.release_on_behalf_of, holder)
            except anyio.WouldBlock:
                raise Unavailable(_TOO_MANY, retry_after=RETRY_SECONDS) from None
            return await anyio.to_thread.run_sync(work, limiter=self._places)
