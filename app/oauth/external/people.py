"""People of other issuers: found by issuer and subject, or created with a household at first sight."""

from datetime import datetime
from uuid import UUID

from app.audit.models import Action, AuditEntry
from app.audit.repository import record
from app.db import Connection
from app.lists.new_household import create_first_household
from app.people.identities import Identity
from app.people.models import Person
from app.people.repository import find_identified, insert_identified


async def find_or_create_person(
    connection: Connection, identity: Identity, household_id: UUID, now: datetime
) -> Person:
    """Return the person with this identity; create them and their first household, `household_id`, at first sight.

    The transaction must have been opened for `household_id`, a fresh id. Of several at once, one creates the person.
    """
    person = await find_identified(connection, identity.issuer, identity.subject)
    if person is not None:
        return person
    person = await insert_identified(connection, identity.issuer, identity.subject, identity.name, now)
    if person is not None:
        entry = AuditEntry(
            action=Action.SIGN_UP, at=now, person_id=person.id, household_id=household_id, detail=identity.issuer
        )
        await record(connection, entry)
        await create_first_household(connection, household_id, person, now)
        return person
    person = await find_identified(connection, identity.issuer, identity.subject)
    if person is None:
        raise LookupError("a person of an issuer has lost their identity")
    return person
