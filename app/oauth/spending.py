"""Limits of one grant, one client or one person, and whose they are: the users of a vendor share its addresses, so an
address would not tell who has to be stopped."""

from typing import Any
from uuid import UUID

from app.errors import LimitReached
from app.ops.rate_limit import LocalLimit


class BudgetSpent(LimitReached):
    """A grant, a client or a person has had as much as they get in a minute; `of` says who, in the words of `Entry`."""

    def __init__(self, limit: LimitReached, of: dict[str, Any]) -> None:
        super().__init__(limit.message, retry_after=limit.retry_after)
        self.of = of


def spend(limit: LocalLimit, words: str, of: dict[str, UUID | str], times: int = 1) -> None:
    """Count `times` events of one `grant_id`, `client_id` or `person_id`. Raises `BudgetSpent` with `words`."""
    (whose,) = of.values()
    try:
        limit.require(str(whose), words, times=times)
    except LimitReached as reached:
        raise BudgetSpent(reached, of) from None
