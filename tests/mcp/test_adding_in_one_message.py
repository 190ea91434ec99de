"""New names go onto a list in one message; the result is the same as when the list is looked at first."""

from typing import Any
from uuid import UUID

import anyio
import httpx
import pytest
from sqlalchemy import text

from app.db import Engine, transaction
from app.main import create_app
from app.settings import Settings
from tests.db.statements import Recorder, recording
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
    """The same entry, in a form that can't go in one message."""
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
    for each in (client, longer_way):  # so that the list is known
        await each.call("add_items", items=["salt"])
    for round_no in range(2):  # the second time everything is there already, and both look first
        short = await client.call("add_items", items=ENTRIES, on_duplicate=on_duplicate)
        long = await longer_way.call(
            "add_items", items=[looking_first(entry) for entry in ENTRIES], on_duplicate=on_duplicate
        )
        assert short == long, round_no
        found = without_person(await stored(engine, ada.household_id))
        assert found == without_person(await stored(engine, other.household_id))
        assert found["items"]


async def messages_of(recorder: Recorder, client: McpClient, tool: str, **arguments: Any) -> int:
    """How many messages with SQL a call sends, BEGIN and COMMIT included."""
    before = len(recorder.transactions)
    await client.call(tool, **arguments)
    await anyio.lowlevel.checkpoint()  # the driver notes a statement soon after it was sent
    calls = [
        work.statements for work in recorder.transactions[before:] if "app.household_id" in " ".join(work.statements)
    ]
    return sum(1 if len(statements) == 1 else len(statements) for statements in calls)


async def test_what_is_new_takes_one_message_and_what_is_there_two(ada: Connected, settings: Settings) -> None:
    app = create_app(settings)
    with recording() as recorder:
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=settings.public_url) as http,
        ):
            client = McpClient(http, ada.token)
            await client.call("add_items", items=["1 kg salt"])
            await client.call("add_items", items=["1 kg salt"], list="L1")

            async def count(*items: Any, **others: Any) -> int:
                return await messages_of(recorder, client, "add_items", items=list(items), **others)

            assert await count("milk", "2 kg flour") == 1
            assert await count("tea") == 1
            assert await count("rice", "rice", list="L1", on_duplicate="separate") == 1
            assert await count("bread", "1 kg flour") == 2
            assert await count("flour", on_duplicate="skip") == 1
            assert await count({"name": "jam", **PAST_DAY}) == 2
            assert await messages_of(recorder, client, "list_items") == 1


async def test_an_item_removed_or_bought_is_not_forgotten_by_the_shorter_way(client: McpClient) -> None:
    await client.call("add_items", items=[{"name": "milk", "store": "Market"}, "jam"])
    await client.call("check_items", items=["milk"])
    await client.call("remove_items", items=["jam"])
    again = await client.call("add_items", items=["milk", "jam"])
    assert [(each["status"], each["ref"]) for each in again["results"]] == [("restored", "i1"), ("added", "i3")]


async def test_undo_takes_back_what_came_in_one_message(client: McpClient) -> None:
    added = await client.call("add_items", items=ENTRIES)
    undone = await client.call("undo", undo_ref=added["undo_ref"])
    assert {each["status"] for each in undone["results"]} == {"undone"}
    assert (await client.call("list_items"))["items"] == []
    again = await client.call("undo", undo_ref=undone["undo_ref"])
    assert {each["status"] for each in again["results"]} == {"undone"}
