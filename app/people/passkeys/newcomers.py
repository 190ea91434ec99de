"""Accounts without a password: made with a passkey, and got back with a recovery code."""

from dataclasses import dataclass
from datetime import datetime

from app.db import Connection, new_id
from app.people.accounts import LONGEST_NAME
from app.people.email_addresses import EmailAddress, parse_email
from app.people.login_throttle import LoginThrottle
from app.people.models import Person
from app.people.passkeys.challenges import NewcomerKey
from app.people.passkeys.keeping import add_passkey
from app.people.passkeys.recovery import make_codes, take_code
from app.people.repository import find_local_person, find_profile, insert_person, lock_person
from app.people.session_repository import close_all_sessions
from app.text import clean


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who wants an account: a checked address and name."""

    email: EmailAddress
    name: str


@dataclass(frozen=True, slots=True)
class PasskeyAccount:
    """An account that was just made, with the recovery codes that are to be shown."""

    person: Person
    codes: list[str]


def newcomer(email: str, name: str) -> Newcomer:
    """Check who wants an account; the name is by default the local part of the address. Raises `Invalid`."""
    address = parse_email(email)
    return Newcomer(address, clean(name.strip() or address.local_part, "name", LONGEST_NAME))


async def create_passkey_account(
    connection: Connection, who: Newcomer, made: NewcomerKey | None, device: str, now: datetime, *, verified: bool
) -> PasskeyAccount | None:
    """Store a person with their passkey, which is named after the `device`, and ten recovery codes.

    `verified` means that a link sent to the address led here. None, with nothing stored, if the address already has an
    account. Raises `Invalid` for a passkey that did not verify (None) or that somebody has already.
    """
    person_id = new_id() if made is None else made.person_id
    person = await insert_person(connection, who.email, who.name, now, now if verified else None, person_id)
    if person is None:
        return None
    await add_passkey(connection, person, None if made is None else made.key, device, now)
    return PasskeyAccount(person, await make_codes(connection, person.id, now))


async def recover_account(
    connection: Connection, throttle: LoginThrottle, email: EmailAddress, code: str, address: str, now: datetime
) -> Person | None:
    """Use up a recovery code of an account without a password, and return whose it is; every session of theirs ends.

    None for a wrong code, and where there is no such account: both are counted as attempts, and take the same steps.
    Where there is a password, a code alone is worth nothing. Raises `RateLimited`.
    """
    found = await find_local_person(connection, email)
    person_id = new_id() if found is None else found.id
    await lock_person(connection, person_id)
    attempt = await throttle.begin(connection, email, address, now)
    if found is None or (await find_profile(connection, found.id)).has_password:
        person_id = new_id()
    if not await take_code(connection, person_id, code):
        return None
    await throttle.succeed(connection, attempt, now)
    await close_all_sessions(connection, person_id)
    return found
