"""Passwords: argon2id, never on the event loop, never more than two at once."""

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

import anyio
import anyio.to_thread
from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from app.errors import Invalid, Unavailable
from app.people.strength import check_strength
from app.people.text import check_text

SHORTEST: Final = 8
LONGEST: Final = 1024

# OWASP's second recommendation for argon2id; two at once keep the memory for hashing below 40 MiB.
MEMORY_KIB: Final = 19 * 1024
ROUNDS: Final = 2
AT_ONCE: Final = 2
LONGEST_QUEUE: Final = 32
RETRY_SECONDS: Final = 5

_T = TypeVar("_T")


def check_new_password(password: str) -> None:
    """Raise `Invalid` for `password` unless it has 8 to 1,024 characters."""
    check_given_password(password)
    if len(password) < SHORTEST:
        raise Invalid(f"The password is too short. Use at least {SHORTEST} characters.", field="password")


def check_given_password(password: str) -> None:
    """Raise `Invalid` for what can't be anyone's password: it would only cost work to try it."""
    check_text(password, "password")
    if len(password) > LONGEST:
        raise Invalid(f"The password is too long. Use at most {LONGEST} characters.", field="password")


class PasswordHashing:
    """Hashes and verifies passwords in threads, two at once, with a bounded queue in front.

    Raises `Unavailable` when the queue is full, so that a flood of sign-ins can't exhaust the memory.
    """

    def __init__(self, hasher: PasswordHasher | None = None, *, longest_queue: int = LONGEST_QUEUE) -> None:
        self._hasher = hasher or PasswordHasher(
            time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
        )
        self._places = anyio.CapacityLimiter(AT_ONCE)
        self._room = longest_queue + AT_ONCE
        # Verified in place of the missing hash of an unknown account, so that both take the same time.
        self._nobodys_hash = self._hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """The encoded hash to store."""
        return await self._in_turn(lambda: self._hasher.hash(password))

    async def hash_new(self, password: str, personal: Iterable[str]) -> str:
        """The hash of a password that somebody chooses; `personal` is what others may know of them.

        Raises `Invalid` for `password` when it is too short, too long, or easy to guess.
        """
        check_new_password(password)
        return await self._in_turn(lambda: self._hash_if_strong(password, personal))

    async def verify(self, password: str, stored: str | None) -> bool:
        """Whether `password` made the `stored` hash; without one, the same work and False."""
        matches = await self._in_turn(lambda: self._matches(password, stored or self._nobodys_hash))
        return matches and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether `stored` was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    def _hash_if_strong(self, password: str, personal: Iterable[str]) -> str:
        check_strength(password, personal)
        return self._hasher.hash(password)

    def _matches(self, password: str, stored: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_turn(self, work: Callable[[], _T]) -> _T:
        if self._room == 0:
            raise Unavailable("Too many people are signing in right now. Try again shortly.", retry_after=RETRY_SECONDS)
        self._room -= 1
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._places)
        finally:
            self._room += 1
