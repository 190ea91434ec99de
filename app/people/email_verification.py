"""Proofs through the mailbox: that an address is its person's, and that a forgotten password may be replaced."""

from datetime import datetime
from uuid import UUID

from app.db import Connection
from app.people import repository
from app.people.accounts import change_password, still_holds
from app.people.email_addresses import parse_email
from app.people.email_links import end_links, find_link, take_link
from app.people.login_throttle import LoginThrottle
from app.people.repository import PasswordAccount
from app.people.sessions import close_all_sessions


async def verify(connection: Connection, secret: str, account: PasswordAccount, now: datetime) -> bool | None:
    """The link's address is that of `account`, whose password was just given: mailbox and password are in one hand.

    Whoever made the account may have been somebody else, so the first proof ends all sessions and links; the caller
    ends the grants. Answers whether this was the first proof, and None when the link or the password is not good any
    more.
    """
    if not await still_holds(connection, account):
        return None
    link = await take_link(connection, secret, "verify", now)
    if link is None or link.person_id != account.person.id:
        return None
    if await repository.find_verified_at(connection, account.person.id) is not None:
        return False
    await repository.set_verified(connection, account.person.id, now)
    await close_all_sessions(connection, account.person.id)
    await end_links(connection, account.person.id)
    return True


async def reset(
    connection: Connection, throttle: LoginThrottle, secret: str, secret_hash: str, address: str, now: datetime
) -> UUID | None:
    """Use up a reset link: the person has the new password, no session or other link, and need not wait at the network
    `address` that asks.

    Through the mailbox it proves the e-mail address too. The caller ends the grants. Answers whose password it was, and
    None, with nothing changed, when the link is not good any more.
    """
    found = await find_link(connection, secret, "reset", now)
    if found is None or found.person_id is None:
        return None
    # First the person, as everywhere, so that no two of these wait for each other.
    await repository.lock_person(connection, found.person_id)
    if await take_link(connection, secret, "reset", now) is None:
        return None
    await change_password(connection, found.person_id, secret_hash, now)
    await throttle.forgive(connection, parse_email(found.email), address, now)
    if found.mailed:
        await repository.set_verified(connection, found.person_id, now)
    return found.person_id
