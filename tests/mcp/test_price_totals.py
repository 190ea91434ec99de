"""The sums of the prices on a list."""

import pytest

from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio

PRICED = [
    {"name": "milk", "quantity": 3, "price": 2.4, "store": "Market"},
    {"name": "bread", "price": 3.05},
    {"name": "gift", "price": 0},
    {"name": "tea"},
]


async def test_a_full_page_has_the_sum_of_the_prices_and_how_many_items_have_none(each_era: McpClient) -> None:
    """A price is that of the whole line, so it is not multiplied."""
    await each_era.call("add_items", items=PRICED)
    page = await each_era.call("list_items", detail="full")
    assert page["prices"] == [{"currency": "EUR", "total": 5.45, "priced": 3, "unpriced": 1}]
    assert "prices" not in await each_era.call("list_items")


async def test_the_sum_is_that_of_the_view_and_the_filters_on_all_pages(client: McpClient) -> None:
    await client.call("add_items", items=PRICED)
    await client.call("check_items", items=["bread"])
    page = await client.call("list_items", detail="full", limit=1)
    assert page["prices"] == [{"currency": "EUR", "total": 2.4, "priced": 2, "unpriced": 1}]
    assert "prices" not in await client.call("list_items", detail="full", limit=1, cursor=page["next_cursor"])
    bought = await client.call("list_items", detail="full", view="checked")
    assert bought["prices"] == [{"currency": "EUR", "total": 3.05, "priced": 1, "unpriced": 0}]
    everything = await client.call("list_items", detail="full", view="all", group_by="category", since_rev=0)
    assert everything["prices"] == [{"currency": "EUR", "total": 5.45, "priced": 3, "unpriced": 1}]
    named = await client.call("list_items", detail="full", query="mil", store="market")
    assert named["prices"] == [{"currency": "EUR", "total": 2.4, "priced": 1, "unpriced": 0}]


async def test_each_currency_has_its_sum(client: McpClient) -> None:
    await client.call("save_list", name="Zürich", currency="CHF")
    await client.call("add_items", items=PRICED)
    await client.call("add_items", list="Zürich", items=[{"name": "cheese", "price": 12}, "nuts"])
    page = await client.call("list_items", list="*", detail="full")
    assert page["prices"] == [
        {"currency": "CHF", "total": 12, "priced": 1, "unpriced": 1},
        {"currency": "EUR", "total": 5.45, "priced": 3, "unpriced": 1},
    ]


async def test_a_list_without_items_has_no_sum(client: McpClient) -> None:
    assert "prices" not in await client.call("list_items", detail="full")
    await client.call("add_items", items=["tea"])
    page = await client.call("list_items", detail="full")
    assert page["prices"] == [{"currency": "EUR", "total": 0, "priced": 0, "unpriced": 1}]
