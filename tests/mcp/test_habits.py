"""What was corrected of a name is remembered, and used when it is added again."""

from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from app.db import Engine
from app.main import create_app
from app.settings import Settings
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.looking import rows

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[True, False], ids=["one message where possible", "always a transaction"])
async def home(request: pytest.FixtureRequest, settings: Settings, ada: Connected) -> AsyncGenerator[McpClient]:
    """Ada's client, of a service that adds in one message or never does."""
    app = create_app(settings, one_message=request.param)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=settings.public_url) as http,
    ):
        yield McpClient(http, ada.token)


async def lines(client: McpClient, **arguments: Any) -> list[dict[str, Any]]:
    """The items on a list, without their refs."""
    found = (await client.call("list_items", view="all", **arguments))["items"]
    return [{field: value for field, value in item.items() if field != "ref"} for item in found]


async def correct(client: McpClient, item: str, **details: Any) -> str:
    """Correct an item, and return the undo_ref."""
    updated = await client.call("update_items", items=[{"item": item, **details}])
    assert [each["status"] for each in updated["results"]] == ["updated"]
    return updated["undo_ref"]


async def start_again(client: McpClient) -> None:
    """Remove everything."""
    found = (await client.call("list_items", view="all", list="*"))["items"]
    await client.call("remove_items", items=[item["ref"] for item in found])


async def test_a_corrected_unit_category_and_store_are_used_at_the_next_add(home: McpClient) -> None:
    await home.call("add_items", items=["2 milk"])
    await correct(home, "milk", unit="bottle", category="Dairy", store="Market")
    await start_again(home)
    for _ in range(2):  # the second time it is expected
        await home.call("add_items", items=["3 Milk"])
        assert await lines(home) == [
            {"name": "Milk", "quantity": 3, "unit": "bottles", "category": "Dairy", "store": "Market"}
        ]
        await start_again(home)
    await home.call("add_items", items=["milk", "bread", "2 kg rice"])
    assert await lines(home) == [
        {"name": "milk", "category": "Dairy", "store": "Market"},
        {"name": "bread"},
        {"name": "rice", "quantity": 2, "unit": "kg"},
    ]


async def test_what_an_entry_says_itself_wins(home: McpClient) -> None:
    await home.call("add_items", items=["2 milk"])
    await correct(home, "milk", unit="bottle", category="Dairy", store="Market")
    await start_again(home)
    await home.call("add_items", items=["1 l milk", {"name": "milk", "note": "oat", "category": "Vegan"}])
    assert await lines(home) == [
        {"name": "milk", "quantity": 1, "unit": "l", "category": "Dairy", "store": "Market"},
        {"name": "milk", "note": "oat", "category": "Vegan", "store": "Market"},
    ]


async def test_other_spellings_of_a_name_are_the_same_thing(home: McpClient) -> None:
    await home.call("add_items", items=["Red Peppers"])
    await correct(home, "red pepper", category="Vegetables")
    await start_again(home)
    await home.call("add_items", items=["pepper, red"])
    assert await lines(home) == [{"name": "pepper, red", "category": "Vegetables"}]


async def test_a_line_that_comes_back_is_filled_in_and_an_open_one_stays_as_it_is(home: McpClient) -> None:
    await home.call("save_list", name="Party")
    await home.call("add_items", items=["milk", "tea"], list="Party")
    await home.call("check_items", items=["milk"], list="Party")
    await home.call("add_items", items=["milk", "tea"])
    await correct(home, "milk", category="Dairy")
    await correct(home, "tea", category="Drinks")
    await home.call("add_items", items=["milk", "tea"], list="Party")
    assert await lines(home, list="Party") == [{"name": "tea"}, {"name": "milk", "category": "Dairy"}]


async def test_a_line_keeps_what_it_says(home: McpClient) -> None:
    await home.call("save_list", name="Party")
    await home.call("add_items", items=[{"name": "milk", "category": "Drinks"}], list="Party")
    await home.call("check_items", items=["milk"], list="Party")
    await home.call("add_items", items=["milk"])
    await correct(home, "milk", category="Dairy")
    await home.call("add_items", items=["milk"], list="Party")
    assert await lines(home, list="Party") == [{"name": "milk", "category": "Drinks"}]


async def test_clearing_forgets(home: McpClient) -> None:
    await home.call("add_items", items=["2 milk"])
    await correct(home, "milk", unit="bottle", category="Dairy", store="Market")
    await correct(home, "milk", clear=["unit", "store"])
    await start_again(home)
    await home.call("add_items", items=["2 milk"])
    assert await lines(home) == [{"name": "milk", "quantity": 2, "category": "Dairy"}]


@pytest.mark.parametrize(
    "change", [{"quantity": 1, "unit": "bag"}, {"quantity": 2, "unit": "l"}, {"quantity": 5}, {"quantity_delta": 1}]
)
async def test_another_amount_is_no_correction_of_the_unit(client: McpClient, change: dict[str, Any]) -> None:
    await client.call("add_items", items=["3 lemons"])
    await correct(client, "lemon", **change)
    await start_again(client)
    await client.call("add_items", items=["3 lemons"])
    assert await lines(client) == [{"name": "lemons", "quantity": 3}]


async def test_undo_forgets_what_the_update_taught(home: McpClient) -> None:
    await home.call("add_items", items=["2 milk"])
    await correct(home, "milk", category="Drinks")
    mistake = await correct(home, "milk", unit="bottle", category="Frozen")
    undone = await home.call("undo", undo_ref=mistake)
    await start_again(home)
    await home.call("add_items", items=["2 milk"])
    assert await lines(home) == [{"name": "milk", "quantity": 2, "category": "Drinks"}]
    await home.call("undo", undo_ref=undone["undo_ref"])
    await start_again(home)
    await home.call("add_items", items=["2 milk"])
    assert await lines(home) == [{"name": "milk", "quantity": 2, "unit": "bottles", "category": "Frozen"}]


async def test_undo_leaves_what_was_learned_since(home: McpClient) -> None:
    await home.call("add_items", items=["milk"])
    mistake = await correct(home, "milk", category="Frozen", store="Kiosk")
    await correct(home, "milk", category="Dairy")
    await home.call("undo", undo_ref=mistake)
    await start_again(home)
    await home.call("add_items", items=["milk"])
    assert await lines(home) == [{"name": "milk", "category": "Dairy"}]


async def test_a_dry_run_and_a_refused_update_teach_nothing(client: McpClient) -> None:
    await client.call("add_items", items=["milk"])
    await client.call("update_items", items=[{"item": "milk", "category": "Dairy"}], dry_run=True)
    assert (await client.refusal("update_items", items=[{"item": "milk", "category": "Dairy"}], if_rev=0))[
        "current"
    ] == {}
    await start_again(client)
    await client.call("add_items", items=["milk"])
    assert await lines(client) == [{"name": "milk"}]


async def test_a_renamed_category_is_renamed_in_what_is_remembered(home: McpClient) -> None:
    await home.call("add_items", items=["milk", "tea", {"name": "jam", "category": "Dairy"}])
    await correct(home, "milk", category="Dairy")
    await correct(home, "tea", category="Drinks")
    renamed = await home.call("update_items", where_category="Dairy", set_category="Fridge")
    await start_again(home)
    await home.call("add_items", items=["milk", "tea", "jam"])
    assert await lines(home) == [
        {"name": "milk", "category": "Fridge"},
        {"name": "tea", "category": "Drinks"},
        {"name": "jam"},
    ]
    await home.call("undo", undo_ref=renamed["undo_ref"])
    await start_again(home)
    await home.call("add_items", items=["milk"])
    assert await lines(home) == [{"name": "milk", "category": "Dairy"}]


async def test_the_history_shows_the_change_and_not_what_is_remembered(client: McpClient) -> None:
    await client.call("add_items", items=["milk"])
    await correct(client, "milk", category="Dairy")
    (latest,) = (await client.call("get_activity", limit=1))["events"]
    assert [each["what"] for each in latest["changes"]] == ["category – → Dairy"]
    assert "more" not in latest


@pytest.mark.proves("""tn-habits MUST own rule
    What one household taught is used in no other.
    Here: Habits are a tenant table, and what a process expects of them is found by the proven household.""")
async def test_one_household_learns_nothing_from_another(client: McpClient, factory: Factory) -> None:
    await client.call("add_items", items=["2 milk"])
    await correct(client, "milk", unit="bottle", category="Dairy", store="Market")
    await start_again(client)
    mallory = McpClient(client.http, (await factory.connected("Mallory")).token)
    for _ in range(2):
        await client.call("add_items", items=["2 milk"])
        await mallory.call("add_items", items=["2 milk"])
        assert await lines(mallory) == [{"name": "milk", "quantity": 2}]
        assert (await lines(client))[0]["category"] == "Dairy"
        await start_again(client)
        await start_again(mallory)


async def test_only_so_much_is_remembered_and_the_least_used_goes_first(
    client: McpClient, engine: Engine, ada: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.lists.items.habit_repository.MOST_HABITS", 4)
    monkeypatch.setattr("app.lists.items.habit_repository._MADE_ROOM", 1)
    for name in ("a1", "b1", "c1", "d1"):
        await client.call("add_items", items=[name])
        await correct(client, name, category=name)
    await client.call("remove_items", items=["a1"])
    await client.call("add_items", items=["a1", "e1"])
    assert await remembered(engine, ada) == ["a1", "b1", "c1", "d1"]
    await correct(client, "e1", category="e1")
    assert await remembered(engine, ada) == ["a1", "d1", "e1"]


async def remembered(engine: Engine, of: Connected) -> list[str]:
    """The names of which something is remembered."""
    found = await rows(engine, of.household_id, "SELECT name_key FROM habits ORDER BY name_key")
    return [row["name_key"] for row in found]
