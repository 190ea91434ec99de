"""Several writers at once: nothing is lost, nothing is done twice."""

import asyncio
from itertools import chain
from typing import Any

import pytest
from sqlalchemy import text

from app.db import Engine, transaction
from tests.factory import Connected
from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio

WRITERS = 8


async def test_eight_writers_merging_one_line_give_the_exact_sum(client: McpClient) -> None:
    async def write() -> None:
        for _ in range(5):
            await client.call("add_items", items=["3 milk", "250 g flour"])

    await asyncio.gather(*(write() for _ in range(WRITERS)))
    items = (await client.call("list_items"))["items"]
    amounts = [(item["name"], item["quantity"], item.get("unit")) for item in items]
    assert amounts == [("milk", 120, None), ("flour", 10, "kg")]


async def test_eight_writers_of_new_lines_get_different_refs_and_the_rev_counts_each(
    client: McpClient, engine: Engine, ada: Connected
) -> None:
    async def write(writer: int) -> list[str]:
        added = await client.call("add_items", items=[f"thing {writer} {number}" for number in range(10)])
        return [each["ref"] for each in added["results"]]

    refs = await asyncio.gather(*(write(writer) for writer in range(WRITERS)))
    assert len(set(chain(*refs))) == 10 * WRITERS
    assert (await client.call("list_items"))["rev"] == WRITERS
    async with transaction(engine, ada.household_id) as connection:
        events = (await connection.execute(text("SELECT no, rev FROM events ORDER BY no"))).all()
    assert [tuple(event) for event in events] == [(number, number) for number in range(1, WRITERS + 1)]


async def test_one_idempotency_key_used_at_once_is_done_once(client: McpClient) -> None:
    answers = await asyncio.gather(
        *(client.call("add_items", items=["1 milk"], idempotency_key="same") for _ in range(WRITERS))
    )
    assert all(answer == answers[0] for answer in answers)
    assert (await client.call("list_items"))["items"][0]["quantity"] == 1


async def test_an_event_keeps_what_undo_will_need(client: McpClient, engine: Engine, ada: Connected) -> None:
    await client.call("add_items", items=["500 g flour"])
    await client.call("add_items", items=["1 kg flour", "milk"])
    async with transaction(engine, ada.household_id) as connection:
        changes: Any = (await connection.execute(text("SELECT changes FROM events WHERE no = 2"))).scalar_one()
    merged, added = changes
    assert merged["item"] == 1
    assert merged["before"] == {"quantity": {"measure": "mass", "amount": "500.000000", "unit": "g"}}
    assert merged["after"] == {"quantity": {"measure": "mass", "amount": "1500.000000", "unit": "kg"}}
    assert added["item"] == 2
    assert "before" not in added
    assert added["after"]["name"] == "milk"
