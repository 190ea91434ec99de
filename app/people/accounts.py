"""Accounts with an e-mail address and a password: signing up, and changing what one signs in with."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.db import Connection
from app.people import repository
from app.people.email_addresses import EmailAddress, parse_email
from app.people.email_link_repository import end_links, find_link, take_link
from app.people.login_throttle import LoginThrottle
from app.people.models import PasswordAccount, Person
from app.people.passkeys.repository import delete_passkeys
from app.people.password_sign_in import still_holds
from app.people.passwords import PasswordHashing, check_new_password
from app.people.session_repository import close_all_sessions
from app.text import clean

LONGEST_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A checked sign-up, ready to be stored: its password is already hashed."""

    email: EmailAddress
    name: str
    secret_hash: str


async def prepare_account(
    hashing: PasswordHashing, email: str, password: str, name: str = "", *, requester: str | None = None
) -> NewAccount:
    """Check a sign-up and hash its password. Call it outside of any transaction: hashing is slow on purpose.

    `name` is what others in the household see, by default the local part of the e-mail. `requester` is the client's
    network address. Raises `Invalid`, naming the field, and `Unavailable` when too many are waiting.
    """
    address = parse_email(email)
    check_new_password(password)
    shown = clean(name.strip() or address.local_part, "name", LONGEST_NAME)
    return NewAccount(address, shown, await hashing.hash_new(password, [address.address, shown], requester))


async def create_account(
    connection: Connection, account: NewAccount, now: datetime, *, verified: bool = False
) -> Person | None:
    """Store person and password; None, with nothing stored, if the address already has an account.

    `verified` means that a link sent to the address led here.
    """
    person = await repository.insert_person(connection, account.email, account.name, now, now if verified else None)
    if person is not None:
        await repository.insert_password(connection, person.id, account.secret_hash, now)
    return person


async def change_password(connection: Connection, person_id: UUID, secret_hash: str, now: datetime) -> None:
    """Replace a person's password. Every session and every link of theirs ends."""
    await close_all_sessions(connection, person_id)
    await repository.set_password(connection, person_id, secret_hash, now)
    await end_links(connection, person_id)


async def reset_password(
    connection: Connection, throttle: LoginThrottle, secret: str, secret_hash: str, address: str, now: datetime
) -> UUID | None:
    """Use up a reset link: replace the password, and end the waits of the account at the network `address`.

    A link that came by e-mail confirms the e-mail address too; the first time, the passkeys end as well, which somebody
    else may have added. The caller revokes the grants. Returns whose password it was, or None, with nothing changed, if
    the link does not work.
    """
    found = await find_link(connection, secret, "reset", now)
    if found is None or found.person_id is None:
        return None
    # The person is locked first, as everywhere, so that two transactions never wait for each other.
    await repository.lock_person(connection, found.person_id)
    if await take_link(connection, secret, "reset", now) is None:
        return None
    await change_password(connection, found.person_id, secret_hash, now)
    await throttle.forgive(connection, parse_email(found.email), address, now)
    if found.mailed and await repository.find_verified_at(connection, found.person_id) is None:
        await _verify_first(connection, found.person_id, now)
    return found.person_id


async def verify_email(connection: Connection, secret: str, account: PasswordAccount, now: datetime) -> bool | None:
    """Use up a verification link for `account`, whose password was just given: one person has mailbox and password.

    Someone else may have created the account, so the first verification ends all sessions, links and passkeys; the
    caller revokes the grants. Returns whether it was the first, and None if the link or the password does not hold.
    """
    if not await still_holds(connection, account):
        return None
    link = await take_link(connection, secret, "verify", now)
    if link is None or link.person_id != account.person.id:
        return None
    if await repository.find_verified_at(connection, account.person.id) is not None:
        return False
    await _verify_first(connection, account.person.id, now)
    await close_all_sessions(connection, account.person.id)
    await end_links(connection, account.person.id)
    return True


async def _verify_first(connection: Connection, person_id: UUID, now: datetime) -> None:
    await repository.set_verified(connection, person_id, now)
    await delete_passkeys(connection, person_id)
