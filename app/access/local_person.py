"""The person on whose computer a process of `stdio` runs: found, or created with a household where nobody is."""

import sys
from contextlib import suppress
from datetime import datetime
from typing import Final
from uuid import UUID

from app.audit.models import Action, AuditEntry
from app.audit.repository import record
from app.db import Connection, Engine, new_id, transaction
from app.errors import Conflict, Invalid, NotFound
from app.lists.new_household import create_first_household
from app.oauth.external.people import find_or_create_person
from app.oauth.grants.models import LOCAL_ISSUER
from app.people.accounts import LONGEST_NAME
from app.people.email_addresses import parse_email
from app.people.identities import NAMELESS, Identity, find_anybody
from app.people.repository import find_identified, find_some_people, insert_person
from app.runtime.clock import Clock, system_clock
from app.text import clean

if sys.platform != "win32":
    import os
    import pwd

LOCAL_SUBJECT: Final = "local"


async def find_or_create_local_person(engine: Engine, email: str | None, *, clock: Clock = system_clock) -> UUID:
    """Return the id of the person with this e-mail address, subject or id; without one, of the only person there is, or
    of the one whom an earlier call has created.

    Where nobody is, a person with a household and its first list is created, once for all processes. Raises `Conflict`
    when there are several people, `NotFound` and `Invalid` for the e-mail address.
    """
    household_id = new_id()
    async with transaction(engine, household_id=household_id) as connection:
        if email is not None:
            return await _find_named(connection, email, household_id, clock())
        known = await find_identified(connection, LOCAL_ISSUER, LOCAL_SUBJECT)
        if known is not None:
            return known.id
        people = await find_some_people(connection, limit=2)
        if len(people) > 1:
            raise Conflict("Several people have accounts here. Say who you are: --person EMAIL.", field="person")
        if people:
            return people[0]
        identity = Identity(LOCAL_ISSUER, LOCAL_SUBJECT, login_name())
        return (await find_or_create_person(connection, identity, household_id, clock())).id


async def _find_named(connection: Connection, email: str, household_id: UUID, now: datetime) -> UUID:
    try:
        return await find_anybody(connection, email)
    except NotFound:
        if await find_some_people(connection, limit=1):
            return await find_anybody(connection, email)  # another process may have created them meanwhile
    address = parse_email(email)
    person = await insert_person(connection, address, clean(address.local_part, "name", LONGEST_NAME), now)
    if person is None:  # another process has just created them
        return await find_anybody(connection, email)
    await record(connection, AuditEntry(action=Action.SIGN_UP, at=now, person_id=person.id, household_id=household_id))
    await create_first_household(connection, household_id, person, now)
    return person.id


def login_name() -> str:
    """Return the name of the account that runs this process, as the household sees it."""
    with suppress(KeyError, Invalid, ImportError):
        if sys.platform != "win32":
            account = pwd.getpwuid(os.getuid())
            return clean(account.pw_gecos.partition(",")[0] or account.pw_name, "name", LONGEST_NAME)
    return NAMELESS
