"""Reading the pantry: what is probably at home, all of it in pages, or of some names."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.cursors import NAME_KEY, make_cursor, read_cursor
from app.households.tenant import Tenant
from app.lists import repository
from app.lists.items.fields import NAME_LENGTH
from app.lists.pantry.correction_repository import find_corrections
from app.lists.pantry.corrections import Correction
from app.lists.pantry.histories import History
from app.lists.pantry.history_repository import read_histories, read_named_histories
from app.lists.pantry.holdings import PROBABLY, Holding, Today, estimate
from app.quantities.merge_key import singular
from app.runtime.batches import map_in_batches
from app.text import clean, fold

PER_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class PantryPage:
    """What is at home, by name, and where the next page starts."""

    holdings: Sequence[Holding]
    next_cursor: str | None


async def probably_at_home(tenant: Tenant, name_keys: Collection[str]) -> Mapping[str, Holding]:
    """Return what is known of the things with these folded names (`merge_key`), by that; nothing of the others.

    `Holding.confidence` is the probability that there is any, and `Holding.left` how much there probably is.
    """
    if not name_keys:
        return {}
    today = await read_today(tenant)
    histories = await read_named_histories(tenant, today.now, name_keys)
    return await _estimated(histories, await find_corrections(tenant, name_keys), today)


async def read_all_holdings(tenant: Tenant, histories: Sequence[History], today: Today) -> Mapping[str, Holding]:
    """Return what is known of all things, given their histories, by their folded names."""
    return await _estimated(histories, await find_corrections(tenant), today)


async def read_pantry(tenant: Tenant, query: str | None, cursor: str | None) -> PantryPage:
    """Return what is probably at home, or all that is known of the things whose names have the words of a query.

    Raises `Invalid` for the query and the cursor.
    """
    words = (
        None if query is None else [(word, singular(word)) for word in fold(clean(query, "query", NAME_LENGTH)).split()]
    )
    after = "" if cursor is None else read_cursor(cursor, NAME_KEY)
    today = await read_today(tenant)
    found = await read_all_holdings(tenant, await read_histories(tenant, today.now), today)

    def is_meant(holding: Holding) -> bool:
        if holding.name_key <= after:
            return False
        if words is None:
            return holding.confidence >= PROBABLY
        return all(any(form in holding.name_key for form in forms) for forms in words)

    meant = await map_in_batches(is_meant, found.values())
    holdings = sorted(
        (holding for holding, is_in in zip(found.values(), meant, strict=True) if is_in), key=lambda each: each.name_key
    )
    page = holdings[:PER_PAGE]
    return PantryPage(page, make_cursor(page[-1].name_key) if len(holdings) > PER_PAGE else None)


async def read_today(tenant: Tenant) -> Today:
    """Return the moment of this transaction in the household's time zone."""
    clock = await repository.read_clock(tenant)
    return Today(clock.now, tenant.membership.zone)


async def _estimated(
    histories: Sequence[History], corrections: Mapping[str, Correction], today: Today
) -> dict[str, Holding]:
    by_name = {each.name_key: each for each in histories}
    name_keys = [*by_name, *(each for each in corrections if each not in by_name)]
    holdings = await map_in_batches(
        lambda name_key: estimate(by_name.get(name_key), corrections.get(name_key), today), name_keys
    )
    return dict(zip(name_keys, holdings, strict=True))
