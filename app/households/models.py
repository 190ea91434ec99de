"""Households and the people in them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from app.households.time_zones import UTC_NAME, zone_of
from app.runtime.clock import system_clock

Role = Literal["owner", "editor", "viewer"]
InvitedRole = Literal["editor", "viewer"]
GuestMay = Literal["look", "tick"]
"""What a guest may do with the one list that their link shows: read it, or also mark what they bought."""

RANKS: Final[dict[Role, int]] = {"viewer": 0, "editor": 1, "owner": 2}
"""The roles from the one that may least to the one that may most."""

FORMER_MEMBER: Final = "someone who left"
"""Stands for the name of a person who no longer belongs to the household."""


@dataclass(frozen=True, slots=True)
class Membership:
    """A household of a person, with the role they have there."""

    household_id: UUID
    name: str
    ref: str
    role: Role
    currency: str
    locale: str
    time_zone: str = UTC_NAME

    @property
    def zone(self) -> ZoneInfo:
        """The household's time zone; UTC where this machine doesn't know it."""
        return zone_of(self.time_zone)

    @property
    def today(self) -> date:
        """The day that it is in the household's time zone."""
        return self.day_of(system_clock())

    def day_of(self, time: datetime) -> date:
        """Return the day that a time belongs to in the household's time zone."""
        return time.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class NamedHousehold:
    """A household with its name and ref."""

    id: UUID
    name: str
    ref: str


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a household; `is_me` where it is the caller."""

    person_id: UUID
    name: str
    role: Role
    is_me: bool = False

    @property
    def ref(self) -> str:
        """What tells the person from others of the household with the same name."""
        return f"p{self.person_id.hex[-8:]}"


@dataclass(frozen=True, slots=True)
class Invitation:
    """An open invitation to a household. Its code is known only to those who were given it."""

    id: UUID
    household_id: UUID
    household_name: str
    role: InvitedRole
    invited_by: str
    """The name of the owner who made it."""
    created_at: datetime
    expires_at: datetime
    uses_left: int


@dataclass(frozen=True, slots=True)
class GuestLink:
    """A live link that shows one list of a household to a person without an account.

    `person_id` is as whom the guest is in the history. The code in the link is known only to those who were given it.
    """

    id: UUID
    household_id: UUID
    household_ref: str
    currency: str
    locale: str
    time_zone: str
    list_id: UUID
    person_id: UUID
    name: str
    may: GuestMay
    made_by: str
    """The name of the member who made it."""
    created_at: datetime
    expires_at: datetime
    first_used_at: datetime | None
    last_used_at: datetime | None
    is_me: bool = False

    @property
    def ref(self) -> str:
        """What tells the guest from others of the household with the same name."""
        return f"g{self.id.hex[-8:]}"


@dataclass(frozen=True, slots=True)
class Company:
    """How many other people belong to a household, and how many of them own it."""

    others: int
    owners: int
