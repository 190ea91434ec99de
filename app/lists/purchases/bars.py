"""What a chart of spending shows: the largest groups of one currency, and the others together. Pure."""

from collections.abc import Sequence
from decimal import Decimal

from app.lists.purchases.spending_repository import SpendingGroup, Statistics


def bars_of(
    groups: Sequence[Statistics],
    whole: Statistics,
    group_by: SpendingGroup,
    most: int,
    *,
    none: str = "(none)",
    others: str = "(others)",
) -> list[tuple[str, Decimal]]:
    """Return at most `most` bars of the currency of `whole`, each with its label: the latest months, or else the
    largest groups; `none` labels the group without a name, and `others` what is left of the whole."""
    spent = [(each.label or none, each.total) for each in groups if each.currency == whole.currency]
    if group_by == "month":
        return spent[-most:]
    shown = spent if len(spent) <= most else spent[: most - 1]
    left = whole.total - sum((total for _, total in shown), Decimal())
    return [*shown, (others, left)] if left else shown
