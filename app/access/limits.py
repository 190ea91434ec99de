"""How often a grant may call, and how many bad tokens an address may send."""

from dataclasses import dataclass
from typing import Final, Self
from uuid import UUID

from app.config import Settings
from app.oauth.spending import spend
from app.ops.counters import Counters
from app.ops.rate_limit import LocalLimit, RateLimit

CALLS_PER_MINUTE: Final = 600
"""Of one grant, in each process."""

CALLS_OF_PERSON_PER_MINUTE: Final = 2_400
"""With all their grants, in each process."""

BAD_TOKENS_PER_MINUTE: Final = 600
"""From one address."""


@dataclass(frozen=True, slots=True)
class AccessLimits:
    """The limits at the MCP endpoints. Each method raises `LimitReached`."""

    calls: LocalLimit
    calls_of_person: LocalLimit
    bad_tokens: RateLimit

    @classmethod
    def of(cls, settings: Settings, counters: Counters) -> Self:
        """The limits of the service."""
        is_on = settings.limits == "on"
        return cls(
            LocalLimit(CALLS_PER_MINUTE, enabled=is_on),
            LocalLimit(CALLS_OF_PERSON_PER_MINUTE, enabled=is_on),
            RateLimit(BAD_TOKENS_PER_MINUTE, enabled=is_on, name="bad-tokens", counters=counters),
        )

    def count_calls(self, grant_id: UUID, times: int = 1) -> None:
        """Count calls of a grant whose token is proven, before anything is read about it: so whoever has a token of
        a grant that has ended can't have it looked up without end."""
        spend(self.calls, "Too many calls from this connection. Wait a little.", "grant_id", grant_id, times)

    def count_calls_of(self, person_id: UUID, times: int = 1) -> None:
        """Count calls of a person: one person can have many grants."""
        words = "Too many calls from your apps together. Wait a little."
        spend(self.calls_of_person, words, "person_id", person_id, times)

    async def before_checking(self, address: str) -> None:
        """For tokens that were not seen before. Tokens that are known as good never come here, so that those who send
        bad ones don't stop what is already under way at the same address: the users of one host share addresses."""
        await self.bad_tokens.require_room(address, "Too many bad tokens from this address. Wait a little.")

    async def count_bad(self, address: str) -> None:
        """Count a token that was checked and is not good."""
        await self.bad_tokens.hit(address)
