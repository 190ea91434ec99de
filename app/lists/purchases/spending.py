"""What a household spent, from the purchases that checking off records."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from app.errors import Invalid, NotFound
from app.households import repository as households
from app.households.tenant import Tenant
from app.lists.items.fields import NAME_LENGTH
from app.lists.items.repository import find_items
from app.lists.items.resolve import ref_number
from app.lists.models import Purchase
from app.lists.purchases import spending_repository as repository
from app.lists.purchases.spending_repository import PurchaseFilter, SpendingGroup, Statistics
from app.quantities.merge_key import merge_key
from app.text import clean

MOST_GROUPS: Final = 200
LONGEST_HISTORY: Final = 100
CANDIDATES: Final = 10


@dataclass(frozen=True, slots=True)
class Spending:
    """Statistics by group and by currency.

    `more_groups` says that there are more than `MOST_GROUPS`; `unpriced` purchases count in none of them. `history` is
    of the one thing that was asked about, newest first.
    """

    groups: Sequence[Statistics]
    more_groups: bool
    totals: Sequence[Statistics]
    unpriced: int
    history: Sequence[Purchase]


async def read_spending(
    tenant: Tenant, group_by: SpendingGroup, since: datetime | None, until: datetime | None, item: str | None
) -> Spending:
    """Return what was spent from `since` until before `until`, on everything or on one item.

    Raises `Invalid` for an empty period or a name that can't be one, and `NotFound` for a thing never bought.
    """
    if since is not None and until is not None and since >= until:
        raise Invalid("until must be after since.", field="until")
    name_key = None if item is None else await _name_key(tenant, item)
    wanted = PurchaseFilter(since, until, name_key)
    groups = await repository.find_statistics(tenant, wanted, group_by, MOST_GROUPS + 1)
    return Spending(
        groups=await _with_names(tenant, groups[:MOST_GROUPS]) if group_by == "person" else groups[:MOST_GROUPS],
        more_groups=len(groups) > MOST_GROUPS,
        totals=await repository.find_totals(tenant, wanted),
        unpriced=await repository.count_unpriced(tenant, wanted),
        history=[] if name_key is None else await repository.find_purchases(tenant, wanted, LONGEST_HISTORY),
    )


async def _name_key(tenant: Tenant, item: str) -> str:
    text = clean(item, "item", NAME_LENGTH)
    number = ref_number(text)
    named = [] if number is None else await find_items(tenant, {number}, None, ())
    key = named[0].name_key if named else merge_key(text)
    if not await repository.is_bought(tenant, key):
        candidates = await repository.names_bought(tenant, key, CANDIDATES)
        raise NotFound("Nothing of this name was bought.", field="item", candidates=candidates)
    return key


async def _with_names(tenant: Tenant, groups: Sequence[Statistics]) -> list[Statistics]:
    """Replace the ids of people by their names; those who have left have none."""
    members = await households.members_of(tenant.connection, tenant.household_id)
    names = {str(member.person_id): member.name for member in members}
    return [replace(each, label=names.get(each.label or "")) for each in groups]
