"""Reading purchases one by one, and what is usually bought but on no list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import Annotated, Final
from uuid import UUID

from pydantic import AfterValidator, TypeAdapter

from app.cursors import make_cursor, read_cursor
from app.households import repository as households
from app.households.tenant import Tenant
from app.lists import repository
from app.lists.models import Purchase
from app.lists.purchases.filters import FilterNames, resolve_filter
from app.lists.purchases.query_repository import PurchasePlace, UsualThing, find_page, find_usual, times_bought

USUAL_PERIOD: Final = timedelta(days=365)
"""What is usual is counted over the last year, unless another period is asked for."""

OFTEN: Final = 2
"""What was bought once is no habit."""


@dataclass(frozen=True, slots=True)
class BoughtThing:
    """One purchase: its item's number, if it has an item, and how often the thing was bought in all."""

    purchase: Purchase
    item_no: int | None
    times: int


@dataclass(frozen=True, slots=True)
class Purchases:
    """A page of purchases, newest first, with the names of members and guests, and where the next page starts."""

    bought: Sequence[BoughtThing]
    names: Mapping[UUID, str]
    next_cursor: str | None

    def shortened(self, share: float) -> "Purchases":
        """Return a page with that share of the purchases, and a cursor behind them; itself if there is one at most."""
        if len(self.bought) <= 1:
            return self
        kept = self.bought[: max(1, int(len(self.bought) * share))]
        return replace(self, bought=kept, next_cursor=_cursor_behind(kept[-1].purchase))


def _in_utc(place: PurchasePlace) -> PurchasePlace:
    moment, purchase_id = place
    if moment.tzinfo is None:
        raise ValueError("a moment has an offset")
    try:
        return moment.astimezone(UTC), purchase_id
    except OverflowError:
        raise ValueError("a moment is in the years that there are") from None


_PLACE: Final = TypeAdapter[PurchasePlace](Annotated[PurchasePlace, AfterValidator(_in_utc)])


def _cursor_behind(purchase: Purchase) -> str:
    return make_cursor((purchase.bought_at.isoformat(), str(purchase.id)))


async def read_purchases(tenant: Tenant, asked: FilterNames, cursor: str | None, limit: int) -> Purchases:
    """Return a page of purchases. Raises what `resolve_filter` does, and `Invalid` for the cursor."""
    wanted = await resolve_filter(tenant, asked)
    rows = await find_page(tenant, wanted, None if cursor is None else read_cursor(cursor, _PLACE), limit + 1)
    page = rows[:limit]
    times = await times_bought(tenant, {purchase.name_key for purchase, _ in page}) if page else {}
    buyers = {each for purchase, _ in page for each in (purchase.bought_by, purchase.paid_by) if each is not None}
    names = await households.names_of(tenant.connection, tenant.household_id, buyers)
    return Purchases(
        [BoughtThing(purchase, item_no, times[purchase.name_key]) for purchase, item_no in page],
        names,
        _cursor_behind(page[-1][0]) if len(rows) > limit else None,
    )


async def read_usual(tenant: Tenant, asked: FilterNames, limit: int) -> Sequence[UsualThing]:
    """Return what was bought several times in a period, the last year if none is named, and is open on no list.

    Raises what `resolve_filter` does.
    """
    wanted = await resolve_filter(tenant, asked)
    if wanted.since is None:
        until = wanted.until or (await repository.read_clock(tenant)).now
        wanted = replace(wanted, since=until - USUAL_PERIOD if until.year > 1 else None)
    return await find_usual(tenant, wanted, OFTEN, limit)


def usual_interval(thing: UsualThing) -> int:
    """Return how many days usually pass from one purchase of a thing to the next."""
    days: float = (thing.last - thing.first) / timedelta(days=1)
    return max(1, round(days / (thing.times - 1)))
