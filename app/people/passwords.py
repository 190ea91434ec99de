"""Password hashing with argon2id: never on the event loop, never more than two at once."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, TypeVar

import anyio.to_thread
from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from app.errors import Invalid, Unavailable, gettext_noop
from app.limits.concurrency import Slots, take
from app.limits.defaults import PASSWORD_HASHES, PASSWORD_QUEUE, PASSWORDS_OF_NETWORK
from app.people.password_strength import check_strength
from app.text import check_text

SHORTEST: Final = 8
LONGEST: Final = 1024

# OWASP's second recommendation for argon2id. Two at once keep the memory for hashing below 40 MiB.
MEMORY_KIB: Final = 19 * 1024
ROUNDS: Final = 2
RETRY_SECONDS: Final = 5

_TOO_MANY: Final = gettext_noop("Too many people are signing in right now. Try again shortly.")

_T = TypeVar("_T")


def check_new_password(password: str) -> None:
    """Raise `Invalid` for `password` unless it has 8 to 1,024 characters."""
    check_given_password(password)
    if len(password) < SHORTEST:
        raise Invalid(
            "The password is too short. Use at least {least} characters.", values={"least": SHORTEST}, field="password"
        )


def check_given_password(password: str) -> None:
    """Raise `Invalid` for a text that can't be a password, so that no work is spent on it."""
    check_text(password, "password")
    if len(password) > LONGEST:
        raise Invalid(
            "The password is too long. Use at most {most} characters.", values={"most": LONGEST}, field="password"
        )


class PasswordHashing:
    """Hashes and verifies passwords in threads, two at once, with a bounded queue in front.

    Raises `Unavailable` when the queue is full, so that a flood of sign-ins can't exhaust the memory, and when a
    `requester`, a network address, already has its share of it: some passwords take long to score, and a few requests
    with them must not fill the queue. A requester of None has no share.
    """

    def __init__(self, hasher: PasswordHasher | None = None, *, places: int = PASSWORD_QUEUE.at_once) -> None:
        self._hasher = hasher or PasswordHasher(
            time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
        )
        self._queue = Slots(replace(PASSWORD_QUEUE, at_once=places))
        self._of_networks = Slots(PASSWORDS_OF_NETWORK)
        self._hashes = Slots(PASSWORD_HASHES)
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
        try:
            queued = await take(self._queue.of(), *self._of_networks.of_networks(requester), seconds=0)
        except TimeoutError:
            raise Unavailable(_TOO_MANY, retry_after=RETRY_SECONDS) from None
        with queued, await take(self._hashes.of(), seconds=None):
            return await anyio.to_thread.run_sync(work)
