"""Exporting a list over HTTP, in every form."""

import csv
import io
import json
from typing import Any

import pytest

from tests.mcp.client import McpClient
from tests.mcp.looking import names

pytestmark = pytest.mark.anyio

MILK: dict[str, Any] = {
    "name": "=milk",
    "quantity": 1.5,
    "unit": "l",
    "note": "fresh\nand, cold",
    "category": "Dairy",
    "store": "Market",
    "assignee": "Ada",
    "priority": "high",
    "price": 2.5,
    "not_before": "2999-12-24",
    "repeat_every_days": 7,
}
EXPORTED: dict[str, str] = {
    **{name: str(value) for name, value in MILK.items()},
    "measure": "volume",
    "amount": "1500",
}


async def test_json_and_csv_hold_every_detail(each_era: McpClient) -> None:
    await each_era.call("save_list", list="L1", store="Market", currency="CHF", category_order=["Dairy"])
    await each_era.call("add_items", items=[MILK, "bread"])
    await each_era.call("check_items", items=["bread"])
    exported = await each_era.call("export_list", list="groceries")
    assert (exported["list"], exported["format"], exported["items"]) == ("L1", "json", 2)
    document = json.loads(exported["text"])
    assert document["list"] == {
        "name": "Groceries",
        "store": "Market",
        "currency": "CHF",
        "category_order": ["Dairy"],
    }
    milk, bread = document["items"]
    assert milk == EXPORTED
    assert bread.keys() == {"name", "checked_at"}
    text = (await each_era.call("export_list", format="csv"))["text"]
    row = next(csv.DictReader(io.StringIO(text, newline="")))
    assert {name: cell for name, cell in row.items() if cell} == {**EXPORTED, "name": "'=milk"}


async def test_a_view_leaves_the_others_out(client: McpClient) -> None:
    await client.call("add_items", items=[MILK, "bread", "2 kg flour"])
    await client.call("check_items", items=["bread"])

    async def exported(view: str) -> str:
        return (await client.call("export_list", format="markdown", view=view))["text"]

    assert await exported("open") == "# Groceries\n\n- [ ] 2 kg flour\n"
    assert await exported("checked") == "# Groceries\n\n- [x] bread\n"
    assert len((await exported("all")).splitlines()) == 5


async def test_an_empty_list_is_exported_too(client: McpClient) -> None:
    assert (await client.call("export_list", format="csv"))["text"].startswith('"name","quantity","unit"')
    assert json.loads((await client.call("export_list"))["text"])["items"] == []


async def test_an_unknown_list_is_refused(client: McpClient) -> None:
    error = await client.refusal("export_list", list="Nowhere")
    assert (error["code"], error["field"]) == ("not_found", "list")


async def test_a_list_is_shown_and_exported_in_its_own_order_of_categories(client: McpClient) -> None:
    items: list[Any] = [{"name": "soap", "category": "Bath"}, "nuts", {"name": "milk", "category": "Dairy"}]
    await client.call("add_items", items=items)
    assert await names(client) == ["soap", "nuts", "milk"]
    await client.call("save_list", list="L1", category_order=["Dairy", "Bath"])
    assert await names(client) == ["milk", "soap", "nuts"]
    assert await names(client, list="*") == ["milk", "soap", "nuts"]
    assert await names(client, group_by="none") == ["soap", "nuts", "milk"]
    first = await client.call("list_items", limit=1)
    assert [
        item["name"] for item in (await client.call("list_items", limit=2, cursor=first["next_cursor"]))["items"]
    ] == ["soap", "nuts"]
    exported = json.loads((await client.call("export_list"))["text"])
    assert [item["name"] for item in exported["items"]] == ["milk", "soap", "nuts"]
    assert (await client.call("export_list", format="text"))["text"] == (
        "Groceries\n\nDairy\n- milk\n\nBath\n- soap\n\nOther\n- nuts\n"
    )


async def test_a_text_for_a_message_is_plain_lines_of_what_to_buy(client: McpClient) -> None:
    await client.call("add_items", items=["2 kg flour", "milk (lactose free)", "**bread**", "tea"])
    await client.call("check_items", items=["tea"])
    exported = await client.call("export_list", format="text")
    assert exported["text"] == "Groceries\n- 2 kg flour\n- milk (lactose free)\n- **bread**\n"
