"""The table of an item's fields: what names them elsewhere agrees with it, and each detail goes the whole way."""

import dataclasses
import json
from collections.abc import Iterable
from typing import Any, get_args, get_type_hints

import pytest
from sqlalchemy.dialects import postgresql

from app.lists.items.fields import DETAILS, FIELDS, Detail, GivenDetails, Item, ItemDetails, PageRow
from app.lists.items.repository import COLUMNS
from app.lists.tables import items
from app.mcp.tools.items import Clearable, ItemInput, ItemView, UpdateInput
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.conftest import client

__all__ = ["client"]

PROVENANCE = {"added_by", "bought_at", "bought_by", "due"}
"""What an item says of where it comes from."""

UNUSED_COLUMNS = {"household_id"}


def words_of(details: Iterable[Detail]) -> list[str]:
    return [word for each in details for word in ([each.word, "unit"] if each.name == "quantity" else [each.word])]


GIVEN = [each for each in DETAILS if each.given]
"""Details that people set by an argument; tests/mcp/test_recipes.py is about the others."""

WORDS = words_of(GIVEN)
"""The arguments that set details."""


def names_of(kind: Any) -> list[str]:
    return [each.name for each in dataclasses.fields(kind)]


def test_each_field_is_in_every_record_of_an_item_under_its_name() -> None:
    assert set(names_of(Item)) == {each.name for each in FIELDS}
    assert ["name", *names_of(ItemDetails)] == [each.name for each in DETAILS]
    assert ["name", *names_of(GivenDetails)] == WORDS
    shown = [column for each in DETAILS for column in ([each.word] if each.name != "quantity" else each.columns)]
    assert list(PageRow._fields) == ["no", *shown, "checked_at", "position", "list_no", "in_view", "group"]


def test_each_column_is_in_the_table_with_its_type() -> None:
    assert set(COLUMNS) == set(items.c.keys()) - UNUSED_COLUMNS
    kinds = {name: items.c[name].type.compile(postgresql.dialect()).partition("(")[0].lower() for name in COLUMNS}
    assert {name: kind.replace("timestamp with time zone", "timestamptz") for name, kind in kinds.items()} == COLUMNS


def test_tools_take_and_show_each_detail() -> None:
    clearable = {
        word for each in DETAILS for word in words_of([each]) if each.clearable and word in (each.word, *each.columns)
    }
    assert list(ItemInput.model_fields) == WORDS
    assert [word for word in UpdateInput.model_fields if word != "quantity_delta"] == ["item", *WORDS, "clear"]
    assert set(get_args(Clearable)) == clearable
    assert set(get_type_hints(ItemView)) == {"ref", "list", "checked", *PROVENANCE, *words_of(DETAILS)}


EXAMPLES: dict[str, tuple[Any, Any]] = {
    "text": ("red", "blue"),
    "numeric": (2, 3),
    "integer": (7, 14),
    "date": ("2999-12-24", "2999-12-31"),
    "priority": ("high", "low"),
    "quantity": (2, 3),
    "assignee": ("Ada", "Grace"),
}
"""Two values of each detail, by its word or else by its SQL type."""


async def shown(client: McpClient, detail: str = "full") -> dict[str, Any]:
    (item,) = (await client.call("list_items", view="all", detail=detail))["items"]
    return item


async def exported(client: McpClient) -> dict[str, str]:
    (item,) = json.loads((await client.call("export_list"))["text"])["items"]
    return item


async def last_change(client: McpClient) -> str:
    (change,) = (await client.call("get_activity", limit=1))["events"][0]["changes"]
    return change["what"]


@pytest.mark.anyio
@pytest.mark.parametrize("field", [each for each in GIVEN if each.name != "name"], ids=lambda each: each.word)
async def test_a_detail_is_added_shown_exported_changed_cleared_and_restored(
    client: McpClient, ada: Connected, factory: Factory, field: Detail
) -> None:
    grace, _ = await factory.person("Grace")
    await factory.join(grace, ada.household_id, "editor")
    word = field.word
    first, second = EXAMPLES.get(word) or EXAMPLES[next(iter(field.columns.values()))]

    await client.call("add_items", items=[{"name": "thing", word: first}])
    assert (await shown(client))[word] == first
    assert (await shown(client, "concise")).get(word) == (first if field.shown == "concise" else None)
    assert (await exported(client)).get(word) == (str(first) if field.exported else None)

    await client.call("update_items", items=[{"item": "i1", word: second}])
    assert (await shown(client))[word] == second
    assert (f"assigned to {second}" if word == "assignee" else f"{word} {first}") in await last_change(client)

    cleared = await client.call("update_items", items=[{"item": "i1", "clear": [word]}])
    assert word not in await shown(client)
    assert word not in await exported(client)

    await client.call("undo", undo_ref=cleared["undo_ref"])
    assert (await shown(client))[word] == second


@pytest.mark.anyio
@pytest.mark.parametrize("field", [each for each in GIVEN if each.name != "name"], ids=lambda each: each.word)
async def test_a_detail_of_one_purchase_is_dropped_when_the_item_is_added_again(
    client: McpClient, field: Detail
) -> None:
    word = field.word
    first, _ = EXAMPLES.get(word) or EXAMPLES[next(iter(field.columns.values()))]
    note = {"note": first} if word == "note" else {}  # lines of other notes are other things

    await client.call("add_items", items=[{"name": "thing", word: first}])
    await client.call("check_items", items=["i1"])
    await client.call("add_items", items=[{"name": "thing", **note}])

    assert (await shown(client)).get(word) == (None if field.once else first)
