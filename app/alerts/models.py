"""What a person wants to hear of, and where it goes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from app.households.time_zones import UTC_NAME, zone_of

PushKind = Literal["additions", "changes"]
"""What of a list is pushed: what others add to it, or all that others change there."""

MINUTES_A_DAY: Final = 24 * 60
LETTER_HOUR: Final = 7


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one minute of the day to another, which may be on the next day; never the same."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """How a person wants to hear of lists. `without_text`: a push says only that there is something."""

    language: str = "en"
    time_zone: str = UTC_NAME
    quiet: QuietHours | None = None
    without_text: bool = False
    letter_hour: int = LETTER_HOUR

    @property
    def zone(self) -> ZoneInfo:
        """Their time zone; UTC where this machine doesn't know it."""
        return zone_of(self.time_zone)


@dataclass(frozen=True, slots=True)
class ListAlert:
    """What a person wants to hear of one list."""

    household_id: UUID
    list_id: UUID
    push: PushKind | None
    in_letter: bool


@dataclass(frozen=True, slots=True)
class PushAddress:
    """Where pushes for a browser go, as the browser gave it: its push service's endpoint, and the keys for which to
    encrypt (RFC 8291)."""

    endpoint: str
    browser_key: bytes
    auth_secret: bytes


@dataclass(frozen=True, slots=True)
class PushBrowser:
    """A browser that gets pushes, by the session in which it is signed in."""

    id: UUID
    session: str
    created_at: datetime
    pushed_at: datetime | None
    browser: str | None
