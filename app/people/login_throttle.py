"""Slowing down those who guess: counters per account and per network address, shared by all processes.

An account's counter is kept under its e-mail address whether there is such an account or not, so that the wait tells
nothing. An address from which an account was signed in to before has a counter of its own for it: others who guess
can't keep the owner out.
"""

import hmac
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Final

from pydantic import SecretStr

from app.crypto.derived_keys import derive_key
from app.db import Connection
from app.errors import LimitReached
from app.limits.rate_limit import wait_in_words
from app.people import attempt_repository as repository
from app.people.attempt_repository import Counter
from app.people.backoff import Backoff
from app.people.email_addresses import EmailAddress
from app.people.models import Purpose
from app.runtime.addresses import network_of, networks_of

ACCOUNT: Final = Backoff(
    free=5, first=timedelta(seconds=1), longest=timedelta(minutes=15), forgiven=timedelta(minutes=30)
)
# Many people may share one address; they wait for minutes at most.
ADDRESS: Final = Backoff(
    free=30, first=timedelta(seconds=1), longest=timedelta(minutes=5), forgiven=timedelta(minutes=1)
)
LETTERS: Final = Backoff(free=3, first=timedelta(minutes=1), longest=timedelta(hours=1), forgiven=timedelta(minutes=30))

ENOUGH_LETTERS: Final = (
    "Letters to this address were asked for already. Look among the unwanted mail, or ask again {wait}."
)

FAMILIAR: Final = timedelta(days=60)
"""How long an address stays familiar to an account after a sign-in."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was counted as failed in advance: of any number at once, none goes uncounted."""

    guards: tuple[tuple[bytes, Backoff], ...]
    familiar: bytes


class LoginThrottle:
    """Counts attempts. Keys in the database are HMACs, so that it holds no addresses of people or networks."""

    def __init__(self, secret_key: SecretStr, *, enabled: bool = True) -> None:
        self._key = derive_key(secret_key, "attempts")
        self._enabled = enabled

    async def begin(self, connection: Connection, email: EmailAddress, address: str, now: datetime) -> Attempt:
        """Count an attempt to prove who one is, before it is looked at.

        Raises `LimitReached` with the seconds to wait; nothing is counted then.
        """
        familiar = self._name("familiar", email.key, network_of(address))
        if not self._enabled:
            return Attempt((), familiar)
        known = await repository.exists(connection, familiar, now)
        account = familiar if known else self._name("account", email.key)
        guards = ((account, ACCOUNT), *self._networks("address", address))
        await _count(connection, guards, now)
        return Attempt(guards, familiar)

    async def begin_letter(
        self, connection: Connection, purpose: Purpose, email: EmailAddress, address: str, now: datetime
    ) -> None:
        """Count a letter to an e-mail address that somebody asked for. Raises `LimitReached`.

        Each purpose has a counter of its own: asking for letters that are no help keeps nobody from one that is.
        """
        if self._enabled:
            to = (self._name("letters to", purpose, email.key), LETTERS)
            await _count(connection, (to, *self._networks("letters from", address)), now)

    async def passed(self, connection: Connection, attempt: Attempt, now: datetime) -> None:
        """The attempt was right: the account's waits are over, and the address is familiar to it."""
        if self._enabled:
            guards = dict(attempt.guards)
            for key in sorted({*guards, attempt.familiar}):
                counter = await repository.lock(connection, key, now)
                if key == attempt.familiar:
                    await repository.update_counter(connection, Counter(key, 0, now, now, now + FAMILIAR))
                elif guards[key] is ACCOUNT:
                    await repository.forget(connection, [key])
                else:
                    await repository.update_counter(connection, _taken_back(counter, guards[key], now))

    async def put_off(self, connection: Connection, attempt: Attempt, now: datetime) -> None:
        """The attempt could not be looked at: it does not count."""
        await _take_back(connection, attempt.guards, now)

    async def proven(self, connection: Connection, email: EmailAddress, address: str, now: datetime) -> None:
        """The owner has proven themselves in another way: the waits, also those at this address, are over, and the
        address is familiar to the account."""
        familiar = self._name("familiar", email.key, network_of(address))
        await self.passed(connection, Attempt(((self._name("account", email.key), ACCOUNT),), familiar), now)

    def _networks(self, what: str, address: str) -> list[tuple[bytes, Backoff]]:
        return [(self._name(what, each.name), ADDRESS.times(each.share)) for each in networks_of(address)]

    def _name(self, *parts: str) -> bytes:
        return hmac.digest(self._key, "\0".join(parts).encode(), "sha256")


async def _count(connection: Connection, guards: Iterable[tuple[bytes, Backoff]], now: datetime) -> None:
    # In one order, as in all of these, so that two attempts never wait for each other.
    found = [(await repository.lock(connection, key, now), pace) for key, pace in sorted(guards, key=itemgetter(0))]
    longest, pace = max(found, key=lambda each: each[0].next_at)
    wait = longest.next_at - now
    if wait > timedelta(0):
        seconds = math.ceil(wait.total_seconds())
        words = ENOUGH_LETTERS if pace is LETTERS else "Too many attempts. Try again {wait}."
        raise LimitReached(words.format(wait=wait_in_words(seconds)), retry_after=seconds)
    for counter, pace in found:
        failures = min(pace.left(counter.failures, counter.counted_at, now) + 1, pace.most)
        next_at = now + pace.wait(failures)
        await repository.update_counter(
            connection, _counted(counter.key_hash, pace, failures, now, next_at, counter.expires_at)
        )


async def _take_back(connection: Connection, guards: Iterable[tuple[bytes, Backoff]], now: datetime) -> None:
    for key, pace in sorted(guards, key=itemgetter(0)):
        await repository.update_counter(connection, _taken_back(await repository.lock(connection, key, now), pace, now))


def _taken_back(counter: Counter, pace: Backoff, now: datetime) -> Counter:
    failures = max(0, counter.failures - 1)
    return _counted(counter.key_hash, pace, failures, counter.counted_at, now, counter.expires_at)


def _counted(
    key: bytes, pace: Backoff, failures: int, counted_at: datetime, next_at: datetime, kept: datetime
) -> Counter:
    """A counter that is kept until all its failures are forgiven, and not shorter than `kept`."""
    expires_at = max(counted_at + failures * pace.forgiven, next_at, kept)
    return Counter(key, failures, counted_at, next_at, expires_at)
