"""Limits of one grant, one client or one person, and whose they are: the users of a vendor share its addresses, so an
address would not tell who has to be stopped."""

from typing import Any, Literal
from uuid import UUID

from app.errors import LimitReached
from app.limits.rate_limit import LocalLimit

Whose = Literal["grant_id", "client_id", "person_id"]


class RateLimited(LimitReached):
    """A grant, a client or a person has had as much as they get in a minute; `of` says who."""

    def __init__(self, limit: LimitReached, of: dict[str, UUID | str]) -> None:
        super().__init__(limit.message, retry_after=limit.retry_after)
        self.of = of


def check_limit(limit: LocalLimit, words: str, name: Whose, whose: UUID | str, times: int = 1) -> None:
    """Count `times` events of one grant, client or person. Raises `BudgetSpent` with `words`."""
    try:
        limit.require(str(whose), words, times=times)
    except LimitReached as reached:
        raise RateLimited(reached, {name: whose}) from None


def limited_subject(limit: LimitReached) -> dict[str, Any]:
    """Whose limit it was, in the words of `Entry`; nothing when it was that of an address."""
    return dict(limit.of) if isinstance(limit, RateLimited) else {}
