"""What a person decides on the consent page, and what is filled in beforehand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from app.errors import Invalid
from app.households.models import Membership
from app.resources import Resource
from app.scopes import HOUSEHOLD_MANAGE, LISTS_READ, LISTS_WRITE, expand
from app.ui.forms import Fields

LEVELS: Final = {"look": LISTS_READ, "change": LISTS_WRITE, "manage": HOUSEHOLD_MANAGE}
"""The one level of a consent, and the strongest scope that it gives."""

UNPROVEN_MAY_NOT: Final = frozenset({"manage"})
"""The levels for which a person proves their address first, where letters can be sent."""

DURATIONS: Final[dict[str, timedelta | None]] = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "30-days": timedelta(days=30),
    "until-revoked": None,
}
DEFAULT_DURATION: Final = "30-days"


@dataclass(frozen=True, slots=True)
class Choices:
    """A person's yes: how much, where, and for how long (None: until revoked)."""

    scopes: frozenset[str]
    household_ids: tuple[UUID, ...]
    default_household_id: UUID
    duration: timedelta | None


def asked_level(scopes: Sequence[str]) -> str:
    """The level that the client asked for."""
    strongest = expand(scopes)
    return next(level for level in reversed(LEVELS) if LEVELS[level] in strongest)


def levels_at(resource: Resource) -> list[str]:
    """The levels that mean something at an endpoint, the weakest first."""
    return [level for level, scope in LEVELS.items() if scope in resource.scopes]


@dataclass(frozen=True, slots=True)
class Offer:
    """The levels of an endpoint, those of them that the person can't give yet, and the one that is filled in."""

    levels: tuple[str, ...]
    withheld: frozenset[str]
    level: str


def offer_of(resource: Resource, asked: Sequence[str], *, is_unproven: bool) -> Offer:
    """What can be chosen by a person who could prove their address and has not (`is_unproven`), or by any other.

    Filled in is what the client asked for, or the most below it that can be given.
    """
    levels = levels_at(resource)
    withheld = UNPROVEN_MAY_NOT.intersection(levels) if is_unproven else frozenset[str]()
    up_to_asked = levels[: levels.index(asked_level(asked)) + 1]
    return Offer(tuple(levels), withheld, next(level for level in reversed(up_to_asked) if level not in withheld))


def read_choices(fields: Fields, offer: Offer, memberships: Sequence[Membership]) -> Choices:
    """The choices in a posted form; what is left out stays as it was filled in.

    Only today's households of the person can be chosen; the default one is always covered.
    Raises `Invalid`, naming the field, for anything that the page did not offer.
    """
    level = fields.one("level") or offer.level
    duration = fields.one("duration") or DEFAULT_DURATION
    if level in offer.withheld:
        raise Invalid("Confirm your address first; then an app may manage the household.", field="level")
    if level not in offer.levels:
        raise Invalid("Choose what the app may do.", field="level")
    if duration not in DURATIONS:
        raise Invalid("Choose for how long.", field="duration")
    own = {str(membership.household_id): membership.household_id for membership in memberships}
    default = fields.one("default_household") or next(iter(own))
    chosen = {default, *fields.all("household")}
    if not chosen <= own.keys():
        raise Invalid("Choose among your households.", field="household")
    return Choices(
        scopes=expand([LEVELS[level]]),
        household_ids=tuple(household_id for text, household_id in own.items() if text in chosen),
        default_household_id=own[default],
        duration=DURATIONS[duration],
    )
