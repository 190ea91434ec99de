"""What a household spent, from what it bought."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from app.households import repository as households
from app.households.tenant import Tenant
from app.lists.models import Purchase
from app.lists.purchases import spending_repository as repository
from app.lists.purchases.filter_repository import PurchaseFilter, latest_name
from app.lists.purchases.filters import FilterNames, resolve_filter
from app.lists.purchases.months import month_of, month_starts
from app.lists.purchases.spending_repository import SpendingGroup, Statistics

MOST_GROUPS: Final = 200
LONGEST_HISTORY: Final = 100


@dataclass(frozen=True, slots=True)
class Spending:
    """Statistics by group and by currency.

    `more_groups` says that there are more than `MOST_GROUPS`; `unpriced` purchases count in none of them. `item` is the
    name of the one thing that was asked about, and `history` are its prices, newest first.
    """

    groups: Sequence[Statistics]
    more_groups: bool
    totals: Sequence[Statistics]
    unpriced: int
    history: Sequence[Purchase]
    item: str | None


async def read_spending(tenant: Tenant, group_by: SpendingGroup, asked: FilterNames) -> Spending:
    """Return what was spent. Months are those of the household's time zone, and people those who bought something.

    Raises what `resolve_filter` does.
    """
    wanted = await resolve_filter(tenant, asked)
    groups = await _groups(tenant, wanted, group_by)
    return Spending(
        groups=groups[:MOST_GROUPS],
        more_groups=len(groups) > MOST_GROUPS,
        totals=await repository.find_totals(tenant, wanted),
        unpriced=await repository.count_unpriced(tenant, wanted),
        history=[] if wanted.name_key is None else await repository.find_priced(tenant, wanted, LONGEST_HISTORY),
        item=None if wanted.name_key is None else await latest_name(tenant, wanted.name_key),
    )


async def _groups(tenant: Tenant, wanted: PurchaseFilter, group_by: SpendingGroup) -> Sequence[Statistics]:
    if group_by != "month":
        groups = await repository.find_statistics(tenant, wanted, group_by, MOST_GROUPS + 1)
        return await _with_names(tenant, groups) if group_by == "person" else groups
    period = await repository.first_and_last(tenant, wanted)
    if period is None:
        return ()
    zone = tenant.membership.zone
    months = month_starts(*period, zone)
    groups = await repository.find_statistics(tenant, wanted, group_by, MOST_GROUPS + 1, months)
    return [replace(each, label=month_of(months[int(each.label or 0) - 1], zone)) for each in groups]


async def _with_names(tenant: Tenant, groups: Sequence[Statistics]) -> list[Statistics]:
    """Replace the ids of people by their names; those who have left have none."""
    ids = {UUID(each.label) for each in groups if each.label}
    found = await households.names_of(tenant.connection, tenant.household_id, ids)
    names = {str(person_id): name for person_id, name in found.items()}
    return [replace(each, label=names.get(each.label or "")) for each in groups]
