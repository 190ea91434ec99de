"""Finding households by name or ref."""

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar
from uuid import UUID

from app.db import Connection
from app.errors import Ambiguous, NotFound
from app.households.models import Member, Membership, NamedHousehold
from app.households.repository import find_household_with_ref, households_after
from app.text import fold

PAGE: Final = 1_000
MOST_NAMESAKES: Final = 20


Found = TypeVar("Found", Membership, NamedHousehold)


def matching(among: Iterable[Found], household: str) -> list[Found]:
    """Return the one with this ref, or else those with this name, ignoring case and accents."""
    among, folded = list(among), fold(household)
    return [each for each in among if each.ref == folded] or [each for each in among if fold(each.name) == folded]


def labels(found: Sequence[Membership | NamedHousehold]) -> list[str]:
    """Return texts that tell households apart."""
    return [f"{each.name} ({each.ref})" for each in found]


def several(found: Sequence[Membership | NamedHousehold]) -> Ambiguous:
    """Return the error for a name that several households have."""
    words = "Several households have that name. Use the ref of one of the candidates."
    return Ambiguous(words, field="household", candidates=labels(found))


async def find_among_all(connection: Connection, household: str) -> UUID:
    """Return the household that a name or ref means, for an operator: it searches all households.

    Raises `NotFound`, and `Ambiguous` with up to MOST_NAMESAKES candidates.
    """
    named = await find_household_with_ref(connection, fold(household))
    found: list[NamedHousehold] = [] if named is None else [named]
    page = [] if found else await households_after(connection, None, PAGE)
    while page and len(found) < MOST_NAMESAKES:
        found += matching(page, household)
        page = await households_after(connection, page[-1].id, PAGE)
    if not found:
        raise NotFound("household: there is none with this name or ref.", field="household")
    if len(found) > 1:
        raise several(found[:MOST_NAMESAKES])
    return found[0].id


ME: Final = "me"


def named_member(members: Sequence[Member], name: str, me: UUID) -> Member:
    """Return the member that a name or ref means, or `me`. Raises `NotFound` and `Ambiguous` with candidates."""
    folded = fold(name)
    mine = [each for each in members if folded == ME and each.person_id == me]
    found = (
        mine
        or [each for each in members if each.ref == folded]
        or [each for each in members if fold(each.name) == folded]
    )
    candidates = [f"{each.name} ({each.ref})" for each in members]
    if not found:
        message = "There is no member of that name. Use one of the candidates, or me."
        raise NotFound(message, field="person", candidates=candidates)
    if len(found) > 1:
        message = "Several members have that name. Use the ref of one of the candidates."
        raise Ambiguous(message, field="person", candidates=[f"{each.name} ({each.ref})" for each in found])
    return found[0]
