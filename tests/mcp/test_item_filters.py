"""Items that are shown by what they have, and by what they lack."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.looking import names

pytestmark = pytest.mark.anyio


async def test_items_are_filtered_by_what_they_have_and_by_what_they_lack(client: McpClient) -> None:
    items: list[Any] = [
        {"name": "milk", "category": "Dairy", "priority": "high", "price": 2},
        {"name": "bread", "store": "Aldi", "note": "from the Café"},
        {"name": "tea", "assignee": "Ada", "not_before": "2999-01-01"},
        "soap",
    ]
    await client.call("add_items", items=items)
    assert await names(client, category="DAIRY") == ["milk"]
    assert await names(client, priority="high") == ["milk"]
    assert await names(client, assignee="ada", view="all") == ["tea"]
    assert await names(client, view="waiting") == ["tea"]
    assert await names(client, missing="store") == ["milk", "soap"]
    assert await names(client, missing="category", view="open") == ["bread", "soap"]
    assert await names(client, missing="price") == ["bread", "soap"]
    assert await names(client, missing="assignee") == ["milk", "bread", "soap"]
    assert await names(client, query="cafe") == ["bread"]
    assert await names(client, query="bread cafe") == ["bread"]
    assert await names(client, query="tea cafe", view="all") == []


@pytest.mark.parametrize("limit", [1, 3, 40])
async def test_pages_of_a_search_in_notes_join_without_a_gap(client: McpClient, limit: int) -> None:
    items = [{"name": f"thing {number}", "note": "green" if number % 3 else "red"} for number in range(40)]
    await client.call("add_items", items=items)
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = await client.call("list_items", query="green", limit=limit, **cursor)
        seen += [item["name"] for item in page["items"]]
        if "next_cursor" not in page:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == [f"thing {number}" for number in range(40) if number % 3]


@pytest.mark.parametrize(
    ("filters", "candidate"),
    [({"store": "Adli"}, "Aldi"), ({"category": "Dary"}, "Dairy"), ({"assignee": "Bob"}, "Ada")],
)
async def test_an_unknown_filter_is_said_with_candidates(
    client: McpClient, filters: dict[str, str], candidate: str
) -> None:
    await client.call("add_items", items=[{"name": "milk", "store": "Aldi", "category": "Dairy", "assignee": "Ada"}])
    error = await client.refusal("list_items", **filters)
    assert (error["code"], error["field"]) == ("not_found", next(iter(filters)))
    assert candidate in [each.partition(" (p")[0] for each in error["candidates"]]


async def test_full_detail_says_who_added_it_who_bought_it_when_and_when_it_comes_back(
    factory: Factory, client: McpClient, ada: Connected
) -> None:
    bob, _ = await factory.person("Bob")
    await factory.join(bob, ada.household_id, "editor")
    bobs = McpClient(client.http, (await factory.connect(bob, ada.household_id)).token)
    await client.call("add_items", items=[{"name": "milk", "repeat_every_days": 7}, "bread"])
    await bobs.call("check_items", items=["milk"])
    bread, milk = (await client.call("list_items", view="all", detail="full", group_by="none"))["items"]
    assert (bread["name"], milk["name"]) == ("bread", "milk"), "open items come first"
    assert (milk["added_by"], milk["bought_by"]) == ("Ada", "Bob")
    assert milk["due"] == (datetime.now(UTC) + timedelta(days=7)).date().isoformat()
    assert abs(datetime.fromisoformat(milk["bought_at"]) - datetime.now(UTC)) < timedelta(minutes=5)
    assert bread.keys() == {"ref", "name", "added_by"}
