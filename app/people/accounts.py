"""Signing up and signing in with an e-mail address and a password."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from app.db import Connection, Engine, transaction
from app.errors import Unavailable
from app.people import email_links, repository
from app.people.email_addresses import EmailAddress, parse_email
from app.people.login_throttle import LoginThrottle
from app.people.models import Person
from app.people.passwords import PasswordHashing, check_given_password, check_new_password
from app.people.repository import PasswordAccount
from app.runtime.clock import Clock
from app.text import clean

LONGEST_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A checked sign-up with its password already hashed: all that is left is to store it."""

    email: EmailAddress
    name: str
    secret_hash: str


async def prepare_account(
    hashing: PasswordHashing, email: str, password: str, name: str = "", *, requester: str | None = None
) -> NewAccount:
    """Check a sign-up and hash its password, before any transaction: hashing is slow on purpose.

    `name` is what others in the household will see; the e-mail's local part when left out. `requester` is the network
    address that asks. Raises `Invalid` naming the field, and `Unavailable` when too many are waiting.
    """
    address = parse_email(email)
    check_new_password(password)
    shown = clean(name.strip() or address.local_part, "name", LONGEST_NAME)
    return NewAccount(address, shown, await hashing.hash_new(password, [address.address, shown], requester))


async def create_account(
    connection: Connection, account: NewAccount, now: datetime, *, verified: bool = False
) -> Person | None:
    """Store person and password; None, and nothing stored, when the address has an account already.

    `verified`: whether a link sent to the address led here.
    """
    person = await repository.insert_person(connection, account.email, account.name, now, now if verified else None)
    if person is not None:
        await repository.insert_password(connection, person.id, account.secret_hash, now)
    return person


@dataclass(frozen=True, slots=True)
class PasswordSignIn:
    """What signing in needs: the database, the hashing of passwords, and the counters of attempts."""

    engine: Engine
    hashing: PasswordHashing
    throttle: LoginThrottle
    clock: Clock

    async def sign_in(self, email: str, password: str, address: str) -> PasswordAccount | None:
        """Whose address and password these are; None for an unknown address and for a wrong password alike.

        `address` is the network address that asks. Both answers cost the same work. No connection is held while the
        password is verified, so `still_holds` has to be asked where the answer is used.
        Raises `Invalid` for text that can't be an address or a password, `LimitReached` with the seconds to wait after
        too many attempts, `Unavailable` when too many are waiting.
        """
        parsed = parse_email(email)
        check_given_password(password)
        async with transaction(self.engine) as connection:
            attempt = await self.throttle.begin(connection, parsed, address, self.clock())
            account = await repository.find_password_account(connection, parsed)
        try:
            matches = await self.hashing.verify(password, account.secret_hash if account else None, address)
        except Unavailable:
            async with transaction(self.engine) as connection:
                await self.throttle.cancel(connection, attempt, self.clock())
            raise
        if not matches or account is None:
            return None
        fresh = await self._renewed(account, password, address)
        stored = fresh
        async with transaction(self.engine) as connection:
            # The password before the counters, as in a reset, so that the two never wait for each other.
            if fresh != account.secret_hash:
                stored = await repository.renew_password_hash(connection, account, fresh)
            await self.throttle.succeed(connection, attempt, self.clock())
        if stored != fresh and not await self.hashing.verify(password, stored, address):
            return None
        return replace(account, secret_hash=stored)

    async def _renewed(self, account: PasswordAccount, password: str, address: str) -> str:
        """Today's hash of the password; the stored one if that is such a one."""
        if self.hashing.is_outdated(account.secret_hash):
            return await self.hashing.hash(password, address)
        return account.secret_hash


async def still_holds(connection: Connection, account: PasswordAccount) -> bool:
    """Whether the password that was verified is the person's still; it then stays so until the transaction ends.

    Without it, whoever knows the old password could slip in while it is being changed.
    """
    await repository.lock_person(connection, account.person.id)
    return await repository.has_password_hash(connection, account)


async def change_password(connection: Connection, person_id: UUID, secret_hash: str, now: datetime) -> None:
    """Give a person another password. Every session and every link of theirs ends."""
    await repository.lock_person(connection, person_id)
    await repository.set_password(connection, person_id, secret_hash, now)
    await repository.delete_sessions(connection, person_id)
    await email_links.end_links(connection, person_id)
