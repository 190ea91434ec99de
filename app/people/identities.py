"""People whom an issuer elsewhere vouches for. They are (issuer, subject), never an e-mail address: who may use an
address changes, and issuers don't agree on it (OpenID Connect Core section 5.7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.audit.models import Action, AuditEntry
from app.audit.repository import record
from app.db import Connection
from app.errors import Invalid
from app.people import identity_repository as store
from app.people.accounts import LONGEST_NAME, CreateFirstHousehold
from app.people.models import Person
from app.text import clean

NAMELESS: Final = "Somebody"


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom an issuer vouched for, and what it calls them."""

    issuer: str
    subject: str
    name: str


async def find_or_admit(
    connection: Connection, identity: Identity, household_id: UUID, found_household: CreateFirstHousehold, now: datetime
) -> Person:
    """The person with this identity; at first sight a new one with a household, `household_id`, which is recorded.

    The transaction must have been opened for `household_id`, a fresh id. Of several at once one makes the person.
    """
    person = await store.find_identified(connection, identity.issuer, identity.subject)
    if person is None:
        person = await store.insert_identified(connection, identity.issuer, identity.subject, identity.name, now)
        if person is not None:
            entry = AuditEntry(
                action=Action.SIGN_UP,
                at=now,
                person_id=person.id,
                household_id=household_id,
                detail=identity.issuer,
            )
            await record(connection, entry)
            await found_household(connection, household_id, person, now)
            return person
        person = await store.find_identified(connection, identity.issuer, identity.subject)
    if person is None:
        raise LookupError("a person of an issuer has lost their identity")
    return person


def name_in(claims: Mapping[str, object]) -> str:
    """What to call a person, from the claims of an issuer (OpenID Connect Core section 5.1); the first that is fit to
    be shown. An address is cut before the @: the rest of the household need not know it."""
    for claim in ("name", "nickname", "given_name", "preferred_username"):
        name = claims.get(claim)
        if isinstance(name, str):
            try:
                return clean(name.partition("@")[0][:LONGEST_NAME], "name", LONGEST_NAME)
            except Invalid:
                continue
    return NAMELESS
