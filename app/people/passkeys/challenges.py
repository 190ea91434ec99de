"""What browsers are asked to sign, and who did."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

import anyio.to_thread

from app.crypto.tokens import hash_of
from app.db import Connection, Engine, transaction
from app.people.email_addresses import parse_email
from app.people.login_throttle import LoginThrottle
from app.people.models import Person
from app.people.passkeys import ceremonies, repository
from app.people.passkeys.ceremonies import Answer, Challenge, NewKey
from app.people.passkeys.models import Passkey, Purpose, RelyingParty
from app.runtime.clock import Clock


@dataclass(frozen=True, slots=True)
class VerifiedPasskey:
    """A passkey that signed a challenge of ours, and how often it says that it was used."""

    passkey: Passkey
    sign_count: int


@dataclass(frozen=True, slots=True)
class NewcomerKey:
    """A verified new key pair, and the id that its device knows the person by if it is for a new account."""

    person_id: UUID
    key: NewKey


@dataclass(frozen=True, slots=True)
class PasskeyChallenges:
    """Asks browsers for passkeys, and verifies what they answer.

    A challenge belongs to the browser with the `cookie` that was asked, and to one purpose; it is used up by its first
    answer, right or wrong.
    """

    engine: Engine
    rp: RelyingParty
    throttle: LoginThrottle
    clock: Clock

    async def ask(self, connection: Connection, cookie: str, purpose: Purpose, person: Person | None) -> str:
        """Return what to ask a browser, as JSON: to make a passkey, or for one of `person`, or of anybody (None)."""
        known = [] if person is None else await repository.find_passkeys(connection, person.id)
        ids = [each.credential_id for each in known]
        if purpose == "add" and person is not None:
            work = partial(ceremonies.ask_for_key, self.rp, person, ids)
        else:
            work = partial(ceremonies.ask_for_assertion, self.rp, ids)
        challenge: Challenge = await anyio.to_thread.run_sync(work)
        await repository.insert_challenge(connection, challenge.hash, hash_of(cookie), purpose, self.clock())
        return challenge.options

    async def verify(
        self, cookie: str, purpose: Purpose, answer: str, address: str, person: Person | None
    ) -> VerifiedPasskey | None:
        """Return the passkey that signed the answer; None if none did, or if it isn't one of `person` (None: anybody).

        The attempt is counted. Whoever lets somebody in with it asks `use_passkey`. Raises `RateLimited`.
        """
        read = await anyio.to_thread.run_sync(ceremonies.read_assertion, answer)
        email = None if person is None or person.email is None else parse_email(person.email)
        async with transaction(self.engine) as connection:
            attempt = await self.throttle.begin(connection, email, address, self.clock())
            if read is None or not await self._take(connection, cookie, purpose, read):
                return None
            passkey = await repository.find_by_credential(connection, read.credential_id)
        if passkey is None or (person is not None and passkey.person_id != person.id):
            return None
        if person is None and read.user_handle is None:  # WebAuthn section 7.2, step 6
            return None
        count = await anyio.to_thread.run_sync(ceremonies.verify_assertion, self.rp, read, passkey)
        if count is None:
            return None
        async with transaction(self.engine) as connection:
            await self.throttle.succeed(connection, attempt, self.clock())
        return VerifiedPasskey(passkey, count)

    async def ask_newcomer(self, connection: Connection, cookie: str, email: str, name: str) -> str:
        """Return what to ask a browser, as JSON, in which nobody is signed in: to make the passkey of a new account."""
        challenge = await anyio.to_thread.run_sync(ceremonies.ask_newcomer_for_key, self.rp, email, name)
        await repository.insert_challenge(connection, challenge.hash, hash_of(cookie), "add", self.clock())
        return challenge.options

    async def verify_new(self, cookie: str, answer: str) -> NewKey | None:
        """Return the key pair that the browser made; None if it did not."""
        newcomer = await self.verify_newcomer(cookie, answer)
        return None if newcomer is None else newcomer.key

    async def verify_newcomer(self, cookie: str, answer: str) -> NewcomerKey | None:
        """Return the key pair that the browser made, and for whom; None if it did not."""
        read = await anyio.to_thread.run_sync(ceremonies.read_new_key, answer)
        if read is None:
            return None
        async with transaction(self.engine) as connection:
            if not await self._take(connection, cookie, "add", read):
                return None
        key = await anyio.to_thread.run_sync(ceremonies.verify_new_key, self.rp, read)
        return None if key is None else NewcomerKey(ceremonies.newcomer_id(read.challenge), key)

    async def _take(self, connection: Connection, cookie: str, purpose: Purpose, read: Answer) -> bool:
        return await repository.take_challenge(connection, read.challenge_hash, hash_of(cookie), purpose, self.clock())
