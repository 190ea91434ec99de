"""Purchases of the past, put straight into the database."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from app.db import Engine, new_id, transaction
from app.quantities import parse_phrase
from app.quantities.merge_key import merge_key
from app.text import fold
from tests.mcp.client import McpClient


class PastPurchase(NamedTuple):
    """A thing as people write it, such as `2 kg flour`, and when and where it was bought."""

    what: str
    at: datetime
    store: str | None = None


async def make_things(client: McpClient, names: Sequence[str], list_name: str | None = None) -> None:
    """Put things on a list, and take them off again by buying them, so that their past can be made up."""
    on = {} if list_name is None else {"list": list_name}
    for start in range(0, len(names), 100):
        added = await client.call("add_items", items=list(names[start : start + 100]), **on)
        await client.call("check_items", items=[each["ref"] for each in added["results"]])


async def make_up_the_past(engine: Engine, household_id: UUID, purchases: Iterable[PastPurchase]) -> None:
    """Replace all purchases of a household by others, of things that were on its lists."""
    rows: list[dict[str, object]] = []
    for each in purchases:
        phrase = parse_phrase(each.what)
        quantity = phrase.quantity
        rows.append(
            {
                "household": household_id,
                "id": new_id(),
                "name": phrase.name,
                "name_key": merge_key(phrase.name),
                "store": each.store,
                "store_key": None if each.store is None else fold(each.store),
                "measure": "none" if quantity is None else quantity.measure,
                "amount": None if quantity is None else quantity.amount,
                "unit": None if quantity is None else quantity.unit,
                "at": each.at,
                "by": household_id,
            }
        )
    async with transaction(engine, household_id) as connection:
        await connection.execute(text("DELETE FROM purchases"))
        found = await connection.execute(
            text("SELECT DISTINCT ON (name_key) name_key, id FROM items ORDER BY name_key")
        )
        items = {row.name_key: row.id for row in found}
        for row in rows:
            row["item"] = items[row["name_key"]]
        await connection.execute(
            text("""
                INSERT INTO purchases (household_id, id, item_id, name, name_key, store, store_key, measure, amount,
                    unit, currency, bought_at, bought_by, event_no)
                VALUES (:household, :id, :item, :name, :name_key, :store, :store_key, :measure, :amount, :unit, 'EUR',
                    :at, :by, 1)"""),
            rows,
        )
