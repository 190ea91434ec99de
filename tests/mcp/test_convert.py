"""`on_duplicate=convert`: cups and grams of a common food are one line, if that is asked for."""

from typing import Any

import pytest

from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio


async def amounts(client: McpClient) -> list[tuple[str, Any, Any]]:
    items = (await client.call("list_items"))["items"]
    return [(each["name"], each.get("quantity"), each.get("unit")) for each in items]


async def test_cups_join_grams_if_that_is_asked_for(each_era: McpClient) -> None:
    await each_era.call("add_items", items=["500 g flour"])
    added = await each_era.call("add_items", items=["2 cups flour"], on_duplicate="convert")
    assert added["counts"] == {"merged": 1}
    assert await amounts(each_era) == [("flour", 750, "g")]
    await each_era.call("undo", undo_ref=added["undo_ref"])
    assert await amounts(each_era) == [("flour", 500, "g")]


async def test_grams_join_cups_and_the_line_is_in_grams_then(client: McpClient) -> None:
    await client.call("add_items", items=["2 cups sugar", "1 cup gravel", "1 bag flour"])
    again = ["1.6 kg sugar", "1 kg gravel", "1 kg flour"]
    added = await client.call("add_items", items=again, on_duplicate="convert")
    assert added["counts"] == {"merged": 1, "added": 2}
    assert sorted(await amounts(client)) == sorted(
        [("sugar", 2, "kg"), ("gravel", 1, "cup"), ("gravel", 1, "kg"), ("flour", 1, "bag"), ("flour", 1, "kg")]
    )


@pytest.mark.parametrize("on_duplicate", ["merge", "separate"])
async def test_otherwise_they_stand_side_by_side(client: McpClient, on_duplicate: str) -> None:
    await client.call("add_items", items=["500 g flour"])
    await client.call("add_items", items=["2 cups flour"], on_duplicate=on_duplicate)
    assert await amounts(client) == [("flour", 500, "g"), ("flour", 2, "cups")]


async def test_a_line_with_another_note_is_left_alone(client: McpClient) -> None:
    await client.call("add_items", items=["500 g flour (organic)"])
    await client.call("add_items", items=["2 cups flour"], on_duplicate="convert")
    assert len(await amounts(client)) == 2


async def test_an_import_converts_too(client: McpClient) -> None:
    data = "name,quantity,unit\nflour,2,cups\nflour,500,g\n"
    await client.call("import_items", data=data, on_duplicate="convert")
    assert await amounts(client) == [("flour", 750, "g")]
