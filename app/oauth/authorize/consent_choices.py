"""The choices on the consent page, and which of them are preselected."""

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
"""The levels of a consent, each with the strongest scope that it grants."""

NEED_CONFIRMED_EMAIL: Final = frozenset({"manage"})
"""The levels that need a confirmed e-mail address, where e-mails can be sent."""

DURATIONS: Final[dict[str, timedelta | None]] = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "30-days": timedelta(days=30),
    "until-revoked": None,
}
DEFAULT_DURATION: Final = "30-days"


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person approved: which scopes, in which households, for how long (None: until revoked)."""

    scopes: frozenset[str]
    household_ids: tuple[UUID, ...]
    default_household_id: UUID
    duration: timedelta | None


@dataclass(frozen=True, slots=True)
class Offer:
    """The levels of an endpoint, those of them that the person can't grant yet, and the preselected one."""

    levels: tuple[str, ...]
    withheld: frozenset[str]
    level: str


def offer_of(resource: Resource, asked: Sequence[str], *, is_unproven: bool) -> Offer:
    """Return what a person can choose; `is_unproven`: they could confirm their address and have not.

    Preselected is the level that the client requested, or the highest one below it that the person can grant.
    """
    levels = [level for level, scope in LEVELS.items() if scope in resource.scopes]
    granted = expand(asked)
    asked_level = next(level for level in reversed(LEVELS) if LEVELS[level] in granted)
    withheld = NEED_CONFIRMED_EMAIL.intersection(levels) if is_unproven else frozenset[str]()
    up_to_asked = levels[: levels.index(asked_level) + 1]
    return Offer(tuple(levels), withheld, next(level for level in reversed(up_to_asked) if level not in withheld))


def read_choices(fields: Fields, offer: Offer, memberships: Sequence[Membership]) -> Choices:
    """Return the choices in a posted form; an absent field counts as preselected.

    Only households that the person belongs to now can be chosen; the default one is always included.
    Raises `Invalid`, naming the field, for anything that the page did not offer.
    """
    level = fields.one("level") or offer.level
    duration = fields.one("duration") or DEFAULT_DURATION
    if level in offer.withheld:
        raise Invalid("Confirm your address first; then you can let an app manage the household.", field="level")
    if level not in offer.levels:
        raise Invalid("Choose what the app may do.", field="level")
    if duration not in DURATIONS:
        raise Invalid("Choose how long to allow it.", field="duration")
    own = {str(membership.household_id): membership.household_id for membership in memberships}
    default = fields.one("default_household") or next(iter(own))
    chosen = {default, *fields.all("household")}
    if not chosen <= own.keys():
        raise Invalid("Choose one of your own households.", field="household")
    return Choices(
        scopes=expand([LEVELS[level]]),
        household_ids=tuple(household_id for text, household_id in own.items() if text in chosen),
        default_household_id=own[default],
        duration=DURATIONS[duration],
    )
