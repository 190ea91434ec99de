"""Signing up and signing in with an e-mail address and a password."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.db import Connection, Engine, transaction
from app.people import store
from app.people.emails import EmailAddress, parse_email
from app.people.passwords import PasswordHashing, check_given_password, check_new_password
from app.people.person import Person
from app.text import clean

LONGEST_NAME: Final = 100

FoundHousehold = Callable[[Connection, UUID, Person], Awaitable[None]]
"""Makes the first household (id given) of a new person, inside the sign-up's transaction."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A checked sign-up with its password already hashed: all that is left is to store it."""

    email: EmailAddress
    name: str
    secret_hash: str


async def prepare_account(hashing: PasswordHashing, email: str, password: str, name: str = "") -> NewAccount:
    """Check a sign-up and hash its password, before any transaction: hashing is slow on purpose.

    `name` is what others in the household will see; the e-mail's local part when left out.
    Raises `Invalid` naming the field, and `Unavailable` when too many are waiting.
    """
    address = parse_email(email)
    check_new_password(password)
    shown = clean(name.strip() or address.local_part, "name", LONGEST_NAME)
    return NewAccount(address, shown, await hashing.hash_new(password, [address.address, shown]))


async def create_account(connection: Connection, account: NewAccount, now: datetime) -> Person | None:
    """Store person and password; None, and nothing stored, when the address has an account already."""
    person = await store.insert_person(connection, account.email, account.name, now)
    if person is not None:
        await store.insert_password(connection, person.id, account.secret_hash, now)
    return person


async def sign_in(engine: Engine, hashing: PasswordHashing, email: str, password: str) -> Person | None:
    """Who signs in with this address and password; None for an unknown address and for a wrong password alike.

    Both take the same time. No connection is held while the password is verified.
    Raises `Invalid` for text that can't be an address or a password, `Unavailable` when too many are waiting.
    """
    address = parse_email(email)
    check_given_password(password)
    async with transaction(engine) as connection:
        account = await store.find_password_account(connection, address)
    if not await hashing.verify(password, account.secret_hash if account else None) or account is None:
        return None
    if hashing.is_outdated(account.secret_hash):
        fresh = await hashing.hash(password)
        async with transaction(engine) as connection:
            await store.update_password(connection, account, fresh)
    return account.person
