"""Looking for anything of a household by words: items, what was bought, lists and recipes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.households.tenant import Tenant
from app.lists import repository as lists
from app.lists.documents import repository
from app.lists.documents.repository import FoundItem
from app.lists.documents.words import patterns_of, words_of
from app.lists.models import ShoppingList
from app.quantities.merge_key import merge_key
from app.text import clean, fold

LONGEST_QUESTION: Final = 1_000
MOST_HITS: Final = 20
"""Of all households together."""

PURCHASES: Final = "p"
"""What the ref of purchases begins with; the folded name of what was bought follows, which no item has."""

_LIST_SCORE: Final = 3


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that fits: its ref in its household, and how well it fits."""

    ref: str
    title: str
    score: int


async def search_household(tenant: Tenant, question: str) -> list[Hit]:
    """Return what fits a question, the best first; its lists if the question names nothing. Raises `Invalid`."""
    words = words_of(clean(question, "query", LONGEST_QUESTION, multiline=True))
    every = [each for each in await lists.all_lists(tenant) if each.deleted_at is None]
    if not words:
        return [_list_hit(each, 1) for each in every][:MOST_HITS]
    forms = [patterns_of(word) for word in words]
    items = await repository.find_items(tenant, forms, MOST_HITS)
    recipes = await repository.find_recipes(tenant, forms, MOST_HITS)
    known = {merge_key(each.name) for each in items}
    bought = await repository.find_purchases(tenant, forms, MOST_HITS)
    named = [(each, sum(word in fold(each.name) for word in words)) for each in every]
    hits = [
        *(_list_hit(each, _LIST_SCORE * number) for each, number in named if number),
        *(Hit(f"i{each.no}", _item_title(each), each.score) for each in items),
        *(
            Hit(f"{PURCHASES}{each.name_key}", f"{each.name} (bought, on no list)", each.score)
            for each in bought
            if each.name_key not in known
        ),
        *(Hit(f"R{each.no}", f"{each.kind.capitalize()}: {each.name}", each.score) for each in recipes),
    ]
    return best_of(hits)


def best_of(hits: Sequence[Hit]) -> list[Hit]:
    """Return the best hits, without those that fit less than half as well as the first."""
    ordered = sorted(hits, key=lambda hit: -hit.score)
    return [hit for hit in ordered[:MOST_HITS] if 2 * hit.score >= ordered[0].score]


def _list_hit(on: ShoppingList, score: int) -> Hit:
    return Hit(on.ref, f"List: {on.name} ({on.open_items} open, {on.checked_items} bought)", score)


def _item_title(found: FoundItem) -> str:
    what = found.name if found.quantity is None else f"{found.quantity} {found.name}"
    if found.is_removed:
        return f"{what} (no longer on a list)"
    return f"{what} ({'bought' if found.checked_at is not None else 'to buy'}, {found.list_name})"
