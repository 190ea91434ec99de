"""Slow down password guessing: attempts are counted by account and by network, for all processes together.

An e-mail address has a counter whether it has an account or not, so a wait does not reveal which addresses have one. A
network from which the owner has signed in to an account before has a separate counter for that account, so guesses from
elsewhere can't lock the owner out.
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
from app.errors import gettext_noop
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

_TOO_MANY_ATTEMPTS: Final = gettext_noop("Too many attempts. Try again {wait}.")
_TOO_MANY_EMAILS: Final = gettext_noop(
    "We already sent messages to this address. Check your spam folder, or ask again {wait}."
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt, counted as failed in advance so that concurrent attempts are all counted."""

    counters: tuple[tuple[bytes, Backoff], ...]
    familiar: bytes | None


class LoginThrottle:
    """Counts attempts under HMACs, so the database has no e-mail or network addresses.

    In each method, `address` is the network address of the request.
    """

    def __init__(self, secret_key: SecretStr, *, enabled: bool = True) -> None:
        self._key = derive_key(secret_key, "attempts")
        self._enabled = enabled

    async def begin(self, connection: Connection, email: EmailAddress | None, address: str, now: datetime) -> Attempt:
        """Count a sign-in attempt before its password or passkey is checked. If it must wait, count nothing and raise
        `RateLimited`.

        Without an `email`, as with a passkey that says itself whose it is, it counts for the network only.
        """
        if email is None:
            counters = tuple(self._networks("address", address)) if self._enabled else ()
            await _count(connection, counters, now)
            return Attempt(counters, None)
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
        """Count an e-mail that someone requests for an address. Raises `RateLimited`.

        Each purpose has its own counter, so requests for one kind of e-mail can't block another kind.
        """
        if self._enabled:
            to = (self._hash("letters to", purpose, email.key), EMAILS_TO_ADDRESS)
            await _count(connection, (to, *self._networks("letters from", address)), now)

    async def succeed(self, connection: Connection, attempt: Attempt, now: datetime) -> None:
        """Reset the account's counter after a valid attempt, and remember its network as familiar to the account."""
        if self._enabled:
            counters = dict(attempt.counters)
            familiar: set[bytes] = set() if attempt.familiar is None else {attempt.familiar}
            for key in sorted(counters.keys() | familiar):
                counter = await repository.lock(connection, key, now)
                if key == attempt.familiar:
                    await repository.update_counter(connection, Counter(key, 0, now, now, now + FAMILIAR))
                elif counters[key] is ACCOUNT_ATTEMPTS:
                    await repository.forget(connection, [key])
                else:
                    await repository.update_counter(connection, _without_one(counter, counters[key], now))

    async def cancel(self, connection: Connection, attempt: Attempt, now: datetime) -> None:
        """Undo the counting of an attempt that could not be checked."""
        for key, backoff in sorted(attempt.counters, key=itemgetter(0)):
            counter = await repository.lock(connection, key, now)
            await repository.update_counter(connection, _without_one(counter, backoff, now))

    async def forgive(self, connection: Connection, email: EmailAddress, address: str, now: datetime) -> None:
        """Reset the account's counter, also for this network, after its owner has proved their identity otherwise."""
        familiar = self._hash("familiar", email.key, network_of(address))
        await self.succeed(connection, Attempt(((self._hash("account", email.key), ACCOUNT_ATTEMPTS),), familiar), now)

    def _networks(self, what: str, address: str) -> list[tuple[bytes, Backoff]]:
        return [(self._hash(what, each.name), NETWORK_ATTEMPTS.times(each.share)) for each in networks_of(address)]

    def _hash(self, *parts: str) -> bytes:
        return hmac.digest(self._key, "\0".join(parts).encode(), "sha256")


async def _count(connection: Connection, counters: Iterable[tuple[bytes, Backoff]], now: datetime) -> None:
    # Locked in the order of the keys, so that two attempts can't deadlock.
    found = [
        (await repository.lock(connection, key, now), backoff) for key, backoff in sorted(counters, key=itemgetter(0))
    ]
    if not found:
        return
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
    """Return a counter that expires when all its failures are forgiven, but not before `kept`."""
    expires_at = max(counted_at + failures * backoff.forgiven, next_at, kept)
    return Counter(key, failures, counted_at, next_at, expires_at)
