"""Slows down guessing: counters of attempts by account and by network, shared by all processes.

An account's counter is kept under its e-mail address whether there is such an account or not, so that the wait tells
nothing. A network from which someone signed in to an account before has a counter of its own for it, so others who
guess can't keep the owner out.
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
from app.limits.backoff import Backoff
from app.limits.defaults import ACCOUNT_ATTEMPTS, EMAILS_TO_ADDRESS, NETWORK_ATTEMPTS
from app.limits.rate_limit import RateLimited
from app.people import attempt_repository as repository
from app.people.attempt_repository import Counter
from app.people.email_addresses import EmailAddress
from app.people.models import Purpose
from app.runtime.addresses import network_of, networks_of

FAMILIAR: Final = timedelta(days=60)
"""How long a network stays familiar to an account after a sign-in."""

_TOO_MANY_ATTEMPTS: Final = "Too many attempts. Try again {wait}."
_TOO_MANY_EMAILS: Final = "We already sent messages to this address. Check your spam folder, or ask again {wait}."


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was counted as failed in advance: of any number at once, none goes uncounted."""

    counters: tuple[tuple[bytes, Backoff], ...]
    familiar: bytes


class LoginThrottle:
    """Counts attempts. Its keys in the database are HMACs, so it stores no addresses of people or networks.

    In each method, `address` is the network address of the request.
    """

    def __init__(self, secret_key: SecretStr, *, enabled: bool = True) -> None:
        self._key = derive_key(secret_key, "attempts")
        self._enabled = enabled

    async def begin(self, connection: Connection, email: EmailAddress, address: str, now: datetime) -> Attempt:
        """Count an attempt to sign in before it is checked. Raises `RateLimited`, with nothing counted."""
        familiar = self._hash("familiar", email.key, network_of(address))
        if not self._enabled:
            return Attempt((), familiar)
        is_familiar = await repository.exists(connection, familiar, now)
        account = familiar if is_familiar else self._hash("account", email.key)
        counters = ((account, ACCOUNT_ATTEMPTS), *self._networks("address", address))
        await _count(connection, counters, now)
        return Attempt(counters, familiar)

    async def count_email(
        self, connection: Connection, purpose: Purpose, email: EmailAddress, address: str, now: datetime
    ) -> None:
        """Count a message that someone has us send to an e-mail address. Raises `RateLimited`.

        Each purpose has a counter of its own: asking for messages of one kind keeps nobody from those of another.
        """
        if self._enabled:
            to = (self._hash("letters to", purpose, email.key), EMAILS_TO_ADDRESS)
            await _count(connection, (to, *self._networks("letters from", address)), now)

    async def succeed(self, connection: Connection, attempt: Attempt, now: datetime) -> None:
        """End the account's waits after a valid attempt; its network becomes familiar to the account."""
        if self._enabled:
            counters = dict(attempt.counters)
            for key in sorted({*counters, attempt.familiar}):
                counter = await repository.lock(connection, key, now)
                if key == attempt.familiar:
                    await repository.update_counter(connection, Counter(key, 0, now, now, now + FAMILIAR))
                elif counters[key] is ACCOUNT_ATTEMPTS:
                    await repository.forget(connection, [key])
                else:
                    await repository.update_counter(connection, _without_one(counter, counters[key], now))

    async def cancel(self, connection: Connection, attempt: Attempt, now: datetime) -> None:
        """Take back an attempt that could not be checked."""
        for key, backoff in sorted(attempt.counters, key=itemgetter(0)):
            counter = await repository.lock(connection, key, now)
            await repository.update_counter(connection, _without_one(counter, backoff, now))

    async def forgive(self, connection: Connection, email: EmailAddress, address: str, now: datetime) -> None:
        """End the account's waits, also at this network, once its owner has proven themselves in another way."""
        familiar = self._hash("familiar", email.key, network_of(address))
        await self.succeed(connection, Attempt(((self._hash("account", email.key), ACCOUNT_ATTEMPTS),), familiar), now)

    def _networks(self, what: str, address: str) -> list[tuple[bytes, Backoff]]:
        return [(self._hash(what, each.name), NETWORK_ATTEMPTS.times(each.share)) for each in networks_of(address)]

    def _hash(self, *parts: str) -> bytes:
        return hmac.digest(self._key, "\0".join(parts).encode(), "sha256")


async def _count(connection: Connection, counters: Iterable[tuple[bytes, Backoff]], now: datetime) -> None:
    # Always in the order of the keys, so that two attempts never wait for each other.
    found = [
        (await repository.lock(connection, key, now), backoff) for key, backoff in sorted(counters, key=itemgetter(0))
    ]
    latest, backoff = max(found, key=lambda each: each[0].next_at)
    wait = latest.next_at - now
    if wait > timedelta(0):
        message = _TOO_MANY_EMAILS if backoff is EMAILS_TO_ADDRESS else _TOO_MANY_ATTEMPTS
        raise RateLimited(message, math.ceil(wait.total_seconds()))
    for counter, backoff in found:
        failures = min(backoff.left(counter.failures, counter.counted_at, now) + 1, backoff.most)
        next_at = now + backoff.wait(failures)
        await repository.update_counter(
            connection, _counter(counter.key_hash, backoff, failures, now, next_at, counter.expires_at)
        )


def _without_one(counter: Counter, backoff: Backoff, now: datetime) -> Counter:
    failures = max(0, counter.failures - 1)
    return _counter(counter.key_hash, backoff, failures, counter.counted_at, now, counter.expires_at)


def _counter(
    key: bytes, backoff: Backoff, failures: int, counted_at: datetime, next_at: datetime, kept: datetime
) -> Counter:
    """Return a counter that is kept until all its failures are forgiven, and not shorter than `kept`."""
    expires_at = max(counted_at + failures * backoff.forgiven, next_at, kept)
    return Counter(key, failures, counted_at, next_at, expires_at)
