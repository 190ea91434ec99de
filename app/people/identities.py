"""People whom another issuer vouches for, and finding people by what an operator knows of them.

An identity is (issuer, subject), never an e-mail address: addresses change hands, and issuers don't agree on them
(OpenID Connect Core section 5.7).
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.db import Connection
from app.errors import Ambiguous, Invalid, NotFound
from app.people.accounts import LONGEST_NAME
from app.people.email_addresses import parse_email
from app.people.repository import find_called
from app.text import check_text, clean

NAMELESS: Final = "Somebody"

LONGEST_SUBJECT: Final = 500
MOST_NAMESAKES: Final = 20


@dataclass(frozen=True, slots=True)
class Identity:
    """A person as an issuer vouches for them, and the name that it gives."""

    issuer: str
    subject: str
    name: str


def name_in(claims: Mapping[str, object]) -> str:
    """Return a person's name from an issuer's claims (OpenID Connect Core section 5.1): the first that can be shown.

    An address is cut at the @: the rest of the household need not know it.
    """
    for claim in ("name", "nickname", "given_name", "preferred_username"):
        name = claims.get(claim)
        if isinstance(name, str):
            try:
                return clean(name.partition("@")[0][:LONGEST_NAME], "name", LONGEST_NAME)
            except Invalid:
                continue
    return NAMELESS


async def find_anybody(connection: Connection, person: str) -> UUID:
    """Return the id of the person with this e-mail address (of an account here), subject at another issuer, or id.

    Raises `Invalid`, `NotFound`, and `Ambiguous`, with the ids, if several issuers use the same subject.
    """
    check_text(person, "person")
    if len(person) > LONGEST_SUBJECT:
        raise Invalid("person: {most} characters is the limit.", values={"most": LONGEST_SUBJECT}, field="person")
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
        raise Ambiguous("person: this name fits several people; use the id.", field="person", candidates=candidates)
    return found[0].id
