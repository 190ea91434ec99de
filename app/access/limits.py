"""How often a grant may call, and how many unknown API keys an address may send."""

from dataclasses import dataclass
from typing import Final, Self
from uuid import UUID

from app.limits.counters import Counters
from app.limits.rate_limit import LocalLimit, RateLimit
from app.oauth.spending import check_limit
from app.settings import Settings

CALLS_PER_MINUTE: Final = 600
"""Of one grant, in each process."""

CALLS_OF_PERSON_PER_MINUTE: Final = 2_400
"""With all their grants, in each process."""

UNKNOWN_KEYS_PER_MINUTE: Final = 600
"""From one address."""


@dataclass(frozen=True, slots=True)
class AccessLimits:
    """The limits at the MCP endpoints. Each method raises `LimitReached`."""

    calls: LocalLimit
    calls_of_person: LocalLimit
    unknown_keys: RateLimit

    @classmethod
    def of(cls, settings: Settings, counters: Counters) -> Self:
        """The limits of the service."""
        is_on = settings.limits
        return cls(
            LocalLimit(CALLS_PER_MINUTE, enabled=is_on),
            LocalLimit(CALLS_OF_PERSON_PER_MINUTE, enabled=is_on),
            RateLimit(UNKNOWN_KEYS_PER_MINUTE, enabled=is_on, name="unknown-keys", counters=counters),
        )

    def count_calls(self, grant_id: UUID, times: int = 1) -> None:
        """Count calls of a grant whose token is proven, before anything is read about it: so whoever has a token of
        a grant that has ended can't have it looked up without end."""
        check_limit(self.calls, "Too many calls from this connection. Wait a little.", "grant_id", grant_id, times)

    def count_calls_of(self, person_id: UUID, times: int = 1) -> None:
        """Count calls of a person: one person can have many grants."""
        words = "Too many calls from your apps together. Wait a little."
        check_limit(self.calls_of_person, words, "person_id", person_id, times)

    async def before_looking_up(self, address: str) -> None:
        """For API keys that were not seen before, each of which asks the database. Keys that are known as good never
        come here, and tokens neither: nobody who makes them up stops others at the same address."""
        await self.unknown_keys.require_room(address, "Too many unknown API keys from this address. Wait a little.")

    async def count_unknown(self, address: str) -> None:
        """Count a key that was looked up and that nobody was given."""
        await self.unknown_keys.hit(address)
