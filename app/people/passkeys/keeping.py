"""The passkeys that a person has: adding, using and removing them, and whether the password needs one beside it.

The caller has locked the person, except where it says so.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from app.db import Connection, new_id
from app.errors import Conflict, Invalid, LimitReached, gettext_noop
from app.people.email_addresses import parse_email
from app.people.login_throttle import LoginThrottle
from app.people.models import Person
from app.people.passkeys import repository
from app.people.passkeys.ceremonies import NewKey
from app.people.passkeys.challenges import VerifiedPasskey
from app.people.passkeys.models import Passkey
from app.people.passkeys.recovery import take_code
from app.people.repository import find_person, find_profile, lock_person
from app.people.session_repository import close_all_sessions
from app.text import clean

MOST_PASSKEYS: Final = 10
LONGEST_NAME: Final = 60
NAMELESS: Final = "Passkey"

_REFUSED: Final = gettext_noop("This passkey can't be used here. Try again, or use another device.")


async def use_passkey(connection: Connection, verified: VerifiedPasskey, now: datetime) -> Person | None:
    """Lock the person whose passkey it is, note its use, and return them; None if it was removed, or used by another
    answer, since it was verified."""
    person_id = verified.passkey.person_id
    await lock_person(connection, person_id)
    if not await repository.note_use(connection, verified.passkey, verified.sign_count, now):
        return None
    return await find_person(connection, person_id)


async def add_passkey(connection: Connection, person: Person, key: NewKey | None, name: str, now: datetime) -> None:
    """Store a new passkey. Raises `Invalid` for one that did not verify (None) or that somebody has already, and
    `LimitReached`."""
    if key is None:
        raise Invalid(_REFUSED)
    if await repository.count_passkeys(connection, person.id) >= MOST_PASSKEYS:
        raise LimitReached(
            "You have {most} passkeys, which is the limit. Remove one first.", values={"most": MOST_PASSKEYS}
        )
    shown = clean(name.strip() or NAMELESS, "name", LONGEST_NAME)
    passkey = Passkey(new_id(), person.id, key.credential_id, key.public_key, key.sign_count, shown, now, None)
    if not await repository.insert_passkey(connection, passkey):
        raise Invalid(_REFUSED)


async def rename_passkey(connection: Connection, person_id: UUID, passkey_id: UUID, name: str) -> bool:
    """Give a passkey another name; False if the person has none with this id. Raises `Invalid`. It needs no lock."""
    shown = clean(name.strip(), "name", LONGEST_NAME)
    return await repository.rename_passkey(connection, person_id, passkey_id, shown)


async def remove_passkey(connection: Connection, person_id: UUID, passkey_id: UUID) -> bool:
    """Remove a passkey; False if the person has none with this id.

    Raises `Conflict` for the last one if it is needed beside the password, or is the only way to sign in.
    """
    if await repository.count_passkeys(connection, person_id) == 1:
        if await repository.needs_passkey(connection, person_id):
            raise Conflict("It is your last passkey, and you need one beside the password. Change that first.")
        if not (await find_profile(connection, person_id)).has_password:
            raise Conflict("It is the only way in which you can sign in. Add another passkey first.")
    return await repository.delete_passkey(connection, person_id, passkey_id)


async def recover(
    connection: Connection, throttle: LoginThrottle, person: Person, code: str, address: str, now: datetime
) -> bool:
    """Use up a recovery code in place of a passkey; False if it is none. The attempt is counted.

    Whoever uses one has lost a device, so every session ends; the caller opens the new one. Raises `RateLimited`.
    """
    await lock_person(connection, person.id)
    attempt = await throttle.begin(connection, parse_email(person.email or ""), address, now)
    if not await take_code(connection, person.id, code):
        return False
    await throttle.succeed(connection, attempt, now)
    await close_all_sessions(connection, person.id)
    return True


async def require_passkey(connection: Connection, person_id: UUID, *, needed: bool) -> None:
    """Have the password need a passkey beside it, or not. Raises `Conflict` if there is none."""
    if needed and await repository.count_passkeys(connection, person_id) == 0:
        raise Conflict("Add a passkey first.")
    await repository.set_needs_passkey(connection, person_id, needed=needed)
