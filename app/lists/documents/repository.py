"""Looking for what is on record of a household by words, in the database.

Every word adds to the score of a row: three for one in the name, one for one elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from app.households.tenant import Tenant
from app.lists.documents.words import FOLDED_LETTERS, Forms
from app.lists.models import Purchase
from app.lists.purchases.repository import PURCHASE_COLUMNS, purchase_of
from app.quantities import Quantity

LOOKED_THROUGH: Final = 20_000
"""Items of a household, the newest ones, removed ones included."""

_IN_NAME: Final = 3
_ELSEWHERE: Final = 1


@dataclass(frozen=True, slots=True)
class FoundItem:
    """An item that has some of the words; `is_removed` ones are no longer on a list."""

    score: int
    no: int
    name: str
    quantity: Quantity | None
    list_name: str
    checked_at: datetime | None
    is_removed: bool


@dataclass(frozen=True, slots=True)
class FoundRecipe:
    """A recipe that has some of the words, in its name or in what it takes."""

    score: int
    no: int
    name: str
    kind: str


async def find_items(tenant: Tenant, words: Sequence[Forms], most: int) -> list[FoundItem]:
    """Return the items with the highest scores, those to be bought before those that were; of removed ones the newest
    of each name that nothing on a list has."""
    rows = await tenant.driver.fetch(_items_statement(len(words)), tenant.household_id, most, *map(list, words))
    return [
        FoundItem(score, no, name, None if amount is None else Quantity(measure, amount, unit), on, checked_at, removed)
        for score, no, name, measure, amount, unit, on, checked_at, removed in rows
    ]


async def find_recipes(tenant: Tenant, words: Sequence[Forms], most: int) -> list[FoundRecipe]:
    """Return the recipes with the highest scores."""
    rows = await tenant.driver.fetch(_recipes_statement(len(words)), tenant.household_id, most, *map(list, words))
    return [FoundRecipe(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class FoundPurchases:
    """What was bought by a name that was on no list, and has some of the words."""

    score: int
    name: str
    name_key: str
    times: int


async def find_purchases(tenant: Tenant, words: Sequence[Forms], most: int) -> list[FoundPurchases]:
    """Return the names with the highest scores of what no item stands for, such as what came from a receipt."""
    rows = await tenant.driver.fetch(_purchases_statement(len(words)), tenant.household_id, most, *map(list, words))
    return [FoundPurchases(*row) for row in rows]


async def purchases_named(tenant: Tenant, name_key: str, most: int) -> tuple[int, list[Purchase]]:
    """Return how many purchases of a folded name there are, and the latest of them."""
    rows = await tenant.driver.fetch(
        f"""
        SELECT {PURCHASE_COLUMNS}, count(*) OVER () FROM purchases
        WHERE household_id = $1 AND name_key = $2 ORDER BY bought_at DESC, id DESC LIMIT $3
        """,  # noqa: S608
        tenant.household_id,
        name_key,
        most,
    )
    return (rows[0][-1] if rows else 0), [purchase_of(row[:-1]) for row in rows]


def _folded(text: str) -> str:
    """Return SQL that folds a text nearly as `app/text.py` does."""
    letters, folds = FOLDED_LETTERS
    return f"translate(lower({text}), '{letters}', '{folds}')"


def _score(in_name: str, elsewhere: str, words: int) -> str:
    """Return SQL for the score of a row; in both conditions `{word}` stands for a parameter."""
    terms = [
        f"CASE WHEN {in_name.format(word=f'${number}::text[]')} THEN {_IN_NAME} "
        f"WHEN {elsewhere.format(word=f'${number}::text[]')} THEN {_ELSEWHERE} ELSE 0 END"
        for number in range(3, words + 3)
    ]
    return " + ".join(terms)


@lru_cache
def _items_statement(words: int) -> str:
    rest = _folded("concat_ws(' ', items.category, items.store, items.note, lists.name, lists.store)")
    score = _score("name_key LIKE ANY({word})", "rest LIKE ANY({word})", words)
    # OFFSET 0 keeps the rest of a row from being folded once for each word.
    return f"""
        SELECT score, no, name, measure, amount, unit, list_name, checked_at, removed FROM (
            SELECT *, row_number() OVER (PARTITION BY name_key ORDER BY removed, no DESC) AS place FROM (
                SELECT {score} AS score, * FROM (
                    SELECT items.no, items.name, items.name_key, items.measure, items.amount, items.unit,
                        lists.name AS list_name, items.checked_at, {rest} AS rest,
                        items.deleted_at IS NOT NULL OR lists.deleted_at IS NOT NULL AS removed
                    FROM (
                        SELECT * FROM items WHERE household_id = $1 ORDER BY no DESC LIMIT {LOOKED_THROUGH}
                    ) AS items JOIN lists ON lists.household_id = $1 AND lists.id = items.list_id OFFSET 0
                ) AS looked_through
            ) AS scored WHERE score > 0
        ) AS found WHERE NOT removed OR place = 1
        ORDER BY score DESC, removed, checked_at IS NOT NULL, no DESC LIMIT $2
    """  # noqa: S608


@lru_cache
def _recipes_statement(words: int) -> str:
    takes = f"""recipes.id IN (SELECT recipe_id FROM recipe_lines
        WHERE household_id = $1 AND {_folded("recipe_lines.name")} LIKE ANY({{word}}))"""  # noqa: S608
    score = _score("recipes.name_key LIKE ANY({word})", takes, words)
    return f"""
        SELECT score, no, name, kind FROM (
            SELECT {score} AS score, no, name, name_key, kind FROM recipes
            WHERE household_id = $1 AND deleted_at IS NULL
        ) AS scored WHERE score > 0 ORDER BY score DESC, name_key LIMIT $2
    """  # noqa: S608


@lru_cache
def _purchases_statement(words: int) -> str:
    rest = _folded("concat_ws(' ', category, store)")
    score = _score("name_key LIKE ANY({word})", f"{rest} LIKE ANY({{word}})", words)
    return f"""
        SELECT max(score), (array_agg(name ORDER BY bought_at DESC))[1], name_key, count(*) FROM (
            SELECT {score} AS score, name, name_key, bought_at FROM purchases
            WHERE household_id = $1 AND item_id IS NULL
        ) AS scored WHERE score > 0
        GROUP BY name_key ORDER BY 1 DESC, name_key LIMIT $2
    """  # noqa: S608
