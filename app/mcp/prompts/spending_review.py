"""The prompt `spending_review`."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, get_args

from mcp_types import PromptMessage

from app.errors import Invalid
from app.households.tenant import Tenant
from app.lists.purchases.spending_repository import SpendingGroup
from app.mcp.prompts.spec import Argument, PromptSpec, Values, say

_GROUPS: Final = get_args(SpendingGroup)
_MONTH: Final = re.compile(r"(20\d\d|2[1-9]\d\d)-(0[1-9]|1[0-2])")


async def write(tenant: Tenant, values: Values) -> Sequence[PromptMessage]:
    """Ask for a review of what was spent. Raises `Invalid` for a month or a group that is none."""
    period = ""
    if "month" in values:
        found = _MONTH.fullmatch(values["month"])
        if found is None:
            raise Invalid("month must look like 2026-11.", field="month")
        first = date(int(found[1]), int(found[2]), 1)
        period = f" with since={first} and until={(first + timedelta(days=31)).replace(day=1)}"
    group = values.get("group_by", "category")
    if group not in _GROUPS:
        raise Invalid(f"group_by must be one of {', '.join(_GROUPS)}.", field="group_by", candidates=_GROUPS)
    request = f"""
        Review what we spent: call get_spending{period} and group_by={group}, and once more with group_by=store. Where
        something stands out, look at single purchases with show=purchases. Tell me the totals by currency, the largest
        groups, and what stands out, in a few sentences. Prices that are missing are
        not counted; say how many purchases have none.
    """
    return [say(request)]


SPENDING_REVIEW: Final = PromptSpec(
    name="spending_review",
    title="Review spending",
    description="What was spent in a month, where and on what",
    icon="spending",
    arguments=(
        Argument("month", "Such as 2026-11; everything on record if left out", "month"),
        Argument("group_by", "store, category, person, item or month", "group"),
    ),
    tools=frozenset({"get_spending"}),
    write=write,
)
