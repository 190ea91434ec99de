"""Finding items by words: `list_items` with a query."""

import pytest

from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.looking import names

pytestmark = pytest.mark.anyio

TYPED = [
    "Weißbrot",
    "Crème fraîche",
    "jalapeños",
    "œufs de caille",
    "Äpfel",
    "haricots verts",
    "whole milk",
    "Vollmilch",
    "strawberries",
    "limones",
    "100% juice",
    "snake_case tea",
    "MÜSLI",
]


@pytest.fixture
async def shop(client: McpClient) -> McpClient:
    """Ada's client, with things of four languages on her list."""
    await client.call("add_items", items=TYPED)
    return client


@pytest.mark.parametrize(
    ("query", "found"),
    [
        # Folded: case, accents, ß, ligatures.
        ("WEISSBROT", ["Weißbrot"]),
        ("weißbrot", ["Weißbrot"]),
        ("creme", ["Crème fraîche"]),
        ("CRÈME", ["Crème fraîche"]),
        ("jalapenos", ["jalapeños"]),
        ("oeufs", ["œufs de caille"]),
        ("müsli", ["MÜSLI"]),
        # The beginning of a word, and its end, which names it in German.
        ("straw", ["strawberries"]),
        ("fraî", ["Crème fraîche"]),
        ("milch", ["Vollmilch"]),
        # One or several, in any of the languages.
        ("Apfel", ["Äpfel"]),
        ("Äpfel", ["Äpfel"]),
        ("strawberry", ["strawberries"]),
        ("strawberries", ["strawberries"]),
        ("haricot vert", ["haricots verts"]),
        ("haricots", ["haricots verts"]),
        ("limón", ["limones"]),
        ("oeuf", ["œufs de caille"]),
        # Several words, each of which must be there, in any order.
        ("milk whole", ["whole milk"]),
        ("caille œufs", ["œufs de caille"]),
        ("whole bread", []),
        # What a pattern would mean is only text.
        ("%", ["100% juice"]),
        ("_", ["snake_case tea"]),
        ("\\", []),
        ("'", []),
    ],
)
async def test_words_find_items_however_they_are_written(shop: McpClient, query: str, found: list[str]) -> None:
    assert await names(shop, query=query) == found


async def test_past_items_are_found_in_their_view_and_removed_ones_are_not(shop: McpClient) -> None:
    await shop.call("check_items", items=["whole milk"])
    await shop.call("remove_items", items=["Vollmilch"])
    assert await names(shop, query="mil") == []
    assert await names(shop, query="mil", view="checked") == ["whole milk"]
    assert await names(shop, query="mil", view="all") == ["whole milk"]


async def test_a_query_looks_through_all_lists_of_the_household_and_no_other(
    shop: McpClient, factory: Factory, ada: Connected
) -> None:
    await shop.call("save_list", name="Hardware")
    await shop.call("add_items", items=["milk paint"], list="L2")
    stranger = McpClient(shop.http, (await factory.connected("Eve")).token)
    await stranger.call("add_items", items=["Eve's milk"])
    assert await names(shop, query="milk", list="*") == ["whole milk", "milk paint"]
    assert await names(stranger, query="milk", list="*") == ["Eve's milk"]
    assert await names(stranger, query="juice", list="*", view="all") == []


async def test_pages_of_a_query_join_without_a_gap(shop: McpClient) -> None:
    first = await shop.call("list_items", query="e", limit=2)
    cursor = first["next_cursor"]
    assert (await shop.refusal("list_items", query="a", cursor=cursor))["field"] == "cursor"
    found = [item["name"] for item in first["items"]]
    while cursor is not None:
        page = await shop.call("list_items", query="e", limit=2, cursor=cursor)
        found += [item["name"] for item in page["items"]]
        cursor = page.get("next_cursor")
    assert found == await names(shop, query="e")
    assert len(found) == len(set(found)) > 4
