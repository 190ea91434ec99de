"""Signing in with an e-mail address and a password."""

from dataclasses import dataclass, replace

from app.db import Connection, Engine, transaction
from app.errors import Unavailable
from app.people import repository
from app.people.email_addresses import parse_email
from app.people.login_throttle import LoginThrottle
from app.people.models import PasswordAccount
from app.people.passwords import PasswordHashing, check_given_password
from app.runtime.clock import Clock


@dataclass(frozen=True, slots=True)
class PasswordSignIn:
    """Verifies passwords; `throttle` slows down those who guess."""

    engine: Engine
    hashing: PasswordHashing
    throttle: LoginThrottle
    clock: Clock

    async def sign_in(self, email: str, password: str, address: str) -> PasswordAccount | None:
        """Return the account with this email and password, or None. An unknown email costs the same work.

        `address` is the client's network address. No connection is held while the password is verified, so the caller
        asks `still_holds` in the transaction that uses the answer.
        Raises `Invalid` for text that can't be an address or a password, `LimitReached` after too many attempts, with
        the seconds to wait, and `Unavailable` when too many are waiting.
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
        fresh = account.secret_hash
        if self.hashing.is_outdated(fresh):
            fresh = await self.hashing.hash(password, address)
        stored = fresh
        async with transaction(self.engine) as connection:
            # The password before the counters, as in a reset, so that the two never wait for each other.
            if fresh != account.secret_hash:
                stored = await repository.renew_password_hash(connection, account, fresh)
            await self.throttle.succeed(connection, attempt, self.clock())
        if stored != fresh and not await self.hashing.verify(password, stored, address):
            return None
        return replace(account, secret_hash=stored)


async def still_holds(connection: Connection, account: PasswordAccount) -> bool:
    """Return whether the verified password is still the person's; it then stays so until the transaction ends.

    Without this check, someone who knows the old password could get in while it is being changed.
    """
    await repository.lock_person(connection, account.person.id)
    return await repository.has_password_hash(connection, account)
