"""Limits of one grant or one client, and whose they are: the users of a vendor share its addresses, so an address would
not tell who has to be stopped."""

from uuid import UUID

from app.errors import LimitReached
from app.ops.rate_limit import LocalLimit


class BudgetSpent(LimitReached):
    """A grant, or a client, has had as much as it gets in a minute."""

    def __init__(self, limit: LimitReached, grant_id: UUID | None, client_id: str | None) -> None:
        super().__init__(limit.message, retry_after=limit.retry_after)
        self.grant_id = grant_id
        self.client_id = client_id


def spend(
    limit: LocalLimit, words: str, *, grant_id: UUID | None = None, client_id: str | None = None, times: int = 1
) -> None:
    """Count `times` events of the grant or the client. Raises `BudgetSpent` with `words`."""
    try:
        limit.require(str(grant_id or client_id), words, times=times)
    except LimitReached as reached:
        raise BudgetSpent(reached, grant_id, client_id) from None
