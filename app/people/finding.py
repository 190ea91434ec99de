"""Finding people by what whoever runs the service knows of them."""

from contextlib import suppress
from typing import Final
from uuid import UUID

from app.db import Connection
from app.errors import Ambiguous, Invalid, NotFound
from app.people.email_addresses import parse_email
from app.people.identity_repository import find_called
from app.text import check_text

LONGEST: Final = 500
MOST_NAMESAKES: Final = 20


async def find_anybody(connection: Connection, person: str) -> UUID:
    """The person of that e-mail address (of an account here), of that subject at an issuer elsewhere, or of that id.

    Raises `Invalid`, `NotFound`, and `Ambiguous` with the ids of those whom different issuers call by one subject.
    """
    check_text(person, "person")
    if len(person) > LONGEST:
        raise Invalid(f"person: {LONGEST} characters is the limit.", field="person")
    person_id: UUID | None = None
    with suppress(ValueError):
        person_id = UUID(person)
    subjects = {person}
    with suppress(Invalid):
        subjects.add(parse_email(person).key)
    found = await find_called(connection, person_id, subjects, MOST_NAMESAKES)
    if not found:
        raise NotFound("person: nobody has this e-mail address, subject or id.", field="person")
    if len(found) > 1:
        candidates = [f"{each.id} ({each.name}, {each.issuer})" for each in found]
        raise Ambiguous("person: several are called so; use the id.", field="person", candidates=candidates)
    return found[0].id
