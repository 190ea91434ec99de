"""New names go onto a list in one statement; the result is the same as when the list is looked at first."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from app.db import Engine, transaction
from app.main import create_app
from app.settings import Settings
from tests.db.statements import Transaction, recording
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio

EVERY_DETAIL: dict[str, Any] = {
    "name": "Öl",
    "quantity": 1.5,
    "unit": "l",
    "note": "cold “pressed”",
    "category": "Pantry",
    "store": "Market",
    "assignee": "Ada",
    "priority": "high",
    "price": 7.5,
    "repeat_every_days": 30,
}
ENTRIES: list[str | dict[str, Any]] = ["2 kg flour", "milk", "milk (oat)", "3x milk", EVERY_DETAIL, "500 ml Öl"]
PAST_DAY = {"not_before": "2020-01-01"}
"""An entry for a day that has come waits for nothing; but that takes a look at the clock."""


def looking_first(entry: str | dict[str, Any]) -> dict[str, Any]:
    """The same entry, in a form that can't go in one statement."""
    return {**({"name": entry} if isinstance(entry, str) else entry), **PAST_DAY}


async def stored(engine: Engine, household_id: UUID) -> dict[str, Any]:
    """All that an add stores, but for the ids of items and times."""
    queries = {
        "items": "SELECT to_jsonb(items) - '{household_id,id,list_id,assignee_id}'::text[] FROM items ORDER BY no",
        "events": "SELECT to_jsonb(events) - '{household_id,at,person_id,client_id,grant_id,list_id}'::text[]"
        " FROM events ORDER BY no",
        "lists": "SELECT to_jsonb(lists) - '{household_id,id}'::text[] FROM lists ORDER BY no",
        "clocks": "SELECT to_jsonb(clocks) - 'household_id' FROM clocks",
    }
    async with transaction(engine, household_id) as connection:
        return {what: (await connection.scalars(text(query))).all() for what, query in queries.items()}


def without_person(found: dict[str, Any]) -> dict[str, Any]:
    for event in found["events"]:
        for change in event["changes"]:
            change["after"].pop("assignee_id", None)
    return found


@pytest.mark.parametrize("on_duplicate", ["merge", "separate", "skip"])
async def test_it_stores_and_answers_just_what_the_longer_way_does(
    factory: Factory, client: McpClient, ada: Connected, engine: Engine, on_duplicate: str
) -> None:
    other = await factory.connected("Ada")
    longer_way = McpClient(client.http, other.token)
    for round_no in range(2):  # the second time everything is there already, and both look first
        short = await client.call("add_items", items=ENTRIES, on_duplicate=on_duplicate)
        long = await longer_way.call(
            "add_items", items=[looking_first(entry) for entry in ENTRIES], on_duplicate=on_duplicate
        )
        assert short == long, round_no
        found = without_person(await stored(engine, ada.household_id))
        assert found == without_person(await stored(engine, other.household_id))
        assert found["items"]


async def statements_of(client: McpClient, seen: list[Transaction], **arguments: Any) -> int:
    """How many statements a call sends between taking the lock and the commit."""
    before = len(seen)
    await client.call("add_items", **arguments)
    (statements,) = (
        work.statements for work in seen[before:] if any("UPDATE clocks" in each for each in work.statements)
    )
    lock = next(no for no, each in enumerate(statements) if each.startswith("UPDATE clocks"))
    return len(statements) - lock - 1


async def test_what_is_new_takes_one_statement_and_what_is_there_two(ada: Connected, settings: Settings) -> None:
    app = create_app(settings)
    with recording() as recorder:
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=settings.public_url) as http,
        ):
            await count_statements(McpClient(http, ada.token), recorder.transactions)


async def count_statements(client: McpClient, seen: list[Transaction]) -> None:
    for _ in range(2):  # the driver asks for the types of a statement once
        await client.call("add_items", items=["1 kg salt"])
        await client.call("add_items", items=["1 kg salt"], list="L1")
    assert await statements_of(client, seen, items=["milk", "2 kg flour"]) == 1
    assert await statements_of(client, seen, items=["tea", "tea"], list="L1", on_duplicate="separate") == 1
    assert await statements_of(client, seen, items=["bread", "1 kg flour"]) == 2
    assert await statements_of(client, seen, items=["jam", ""]) == 2
    assert await statements_of(client, seen, items=[""]) == 1


async def test_an_item_removed_or_bought_is_not_forgotten_by_the_shorter_way(client: McpClient) -> None:
    await client.call("add_items", items=[{"name": "milk", "store": "Market"}, "jam"])
    await client.call("check_items", items=["milk"])
    await client.call("remove_items", items=["jam"])
    again = await client.call("add_items", items=["milk", "jam"])
    assert [(each["status"], each["ref"]) for each in again["results"]] == [("restored", "i1"), ("added", "i3")]


async def test_undo_takes_back_what_came_in_one_statement(client: McpClient) -> None:
    added = await client.call("add_items", items=ENTRIES)
    undone = await client.call("undo", undo_ref=added["undo_ref"])
    assert {each["status"] for each in undone["results"]} == {"undone"}
    assert (await client.call("list_items"))["items"] == []
    again = await client.call("undo", undo_ref=undone["undo_ref"])
    assert {each["status"] for each in again["results"]} == {"undone"}
