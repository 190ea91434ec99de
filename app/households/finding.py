"""Find households, and members of one, by name or ref."""

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar
from uuid import UUID

from app.db import Connection
from app.errors import Ambiguous, NotFound
from app.households.models import GuestLink, Member, Membership, NamedHousehold
from app.households.repository import find_household_with_ref, households_after
from app.quantities.matching import find_named, split_label
from app.text import fold

PAGE: Final = 1_000
MOST_NAMESAKES: Final = 20
LONGEST_NAME: Final = 200

ME: Final = frozenset({"me", "myself", "i"})
"""Folded words that callers use for themselves; a member of that name comes first."""

Found = TypeVar("Found", Membership, NamedHousehold)


def matching(among: Iterable[Found], household: str) -> list[Found]:
    """Return the one with this ref, or else those with this name, ignoring case and accents."""
    among, folded = list(among), fold(household)
    return [each for each in among if each.ref == folded] or [each for each in among if fold(each.name) == folded]


def meant(among: Sequence[Membership], household: str) -> list[Membership]:
    """Return which of a person's households a ref or a name may mean; `app/quantities/matching.py` says how."""
    label = split_label(household)
    return (
        matching(among, household)
        or [each for each in among if label == (each.name, each.ref)]
        or find_named(household, [(each.name, each) for each in among], MOST_NAMESAKES)
    )


def labels(found: Sequence[Membership | NamedHousehold]) -> list[str]:
    """Return the households as candidates: a name may be that of several, so each has its ref."""
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


Named = TypeVar("Named", bound=Member | GuestLink)


def named_member(members: Sequence[Named], name: str, field: str = "person") -> Named:
    """Return the member or guest that a ref, a name or a copied candidate means; `me` is the caller.

    Raises `NotFound`, and `Ambiguous` for a name that fits several, with candidates; `field` is the argument.
    """
    folded, label = fold(name[:LONGEST_NAME]), split_label(name)
    found = [each for each in members if each.ref == folded or label == (each.name, each.ref)]
    if not found and len(name) <= LONGEST_NAME:
        found = find_named(name, [(each.name, each) for each in members], len(members))
        found = found or [each for each in members if each.is_me and folded in ME]
    if len(found) == 1:
        return found[0]
    candidates = [f"{each.name} ({each.ref})" for each in found or members]
    if found:
        message = f"{field} fits several members. Use one of the candidates."
        raise Ambiguous(message, field=field, candidates=candidates)
    message = f"{field} must be the name of one member of the household, or me."
    raise NotFound(message, field=field, candidates=candidates)
