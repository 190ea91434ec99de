"""What the operator decides about tokens: how long they are valid, and what a used refresh token costs."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from app.settings import Settings

LONGEST_ACCESS_TOKEN: Final = timedelta(days=1)

ReusePolicy = Literal["mark", "revoke"]


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """How long access tokens are valid (never longer than their grant), and what happens when a refresh token comes
    back after its successor was used: the grant is marked as contested, or revoked."""

    access_token_life: timedelta
    refresh_reuse: ReusePolicy = "mark"


def token_policy(settings: Settings) -> TokenPolicy:
    """Return the operator's policy for tokens."""
    return TokenPolicy(timedelta(minutes=settings.access_token_minutes), settings.refresh_reuse)
