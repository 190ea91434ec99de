"""Importing over HTTP: what is stored, what is refused, and what the answer says about it."""

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app.db import Engine
from app.db.embedded import DatabaseUrls
from app.lists.importing.models import MOST_SHOWN
from app.lists.models import ITEMS_PER_LIST, LINES_PER_NAME
from app.resources import CORE
from bench.filling import lengthen_lists
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.looking import names, rows

pytestmark = pytest.mark.anyio

BROKEN = "name,price,note\nmilk,2,\neggs,free,\nsalt,,fine\n,3,\n"
CHECKED_AT = "2026-11-21T12:00:00.123456+00:00"


async def exported(client: McpClient, form: str = "json", **arguments: Any) -> str:
    return (await client.call("export_list", format=form, **arguments))["text"]


async def everything(client: McpClient) -> list[dict[str, Any]]:
    """All items of the household, in full."""
    return (await client.call("list_items", list="*", view="all", detail="full", limit=200))["items"]


async def test_every_format_is_imported_in_every_era(each_era: McpClient) -> None:
    for data, form in (
        ('[{"name": "flour", "quantity": 2, "unit": "kg"}, "milk"]', "json"),
        ("Artikel;Menge;Einheit\nrice;500;g\n", "csv"),
        ("- [ ] 3x eggs\n- [x] salt\n", "text"),
    ):
        imported = await each_era.call("import_items", data=data)
        assert (imported["format"], imported["list"], imported["undo_ref"][0]) == (form, "L1", "e")
        assert set(imported["counts"]) == {"added"}
        assert imported.keys() == {"list", "rev", "format", "rows", "counts", "undo_ref"}
    shown = await everything(each_era)
    assert [(item["name"], item.get("quantity"), item.get("unit"), item.get("checked", False)) for item in shown] == [
        ("flour", 2, "kg", False),
        ("milk", None, None, False),
        ("rice", 500, "g", False),
        ("eggs", 3, None, False),
        ("salt", None, None, True),
    ]


async def test_a_fault_stops_the_import_and_nothing_is_stored(
    each_era: McpClient, engine: Engine, ada: Connected
) -> None:
    refusal = await each_era.refusal("import_items", data=BROKEN)
    assert refusal == {
        "code": "invalid",
        "message": "Nothing was imported. Faults: 2; on_error=skip imports the rest.",
        "field": "data",
        "faults": [
            {"line": 3, "column": 6, "field": "price", "reason": "price must be a number such as 2.5"},
            {"line": 5, "column": 1, "reason": "the row has no name"},
        ],
    }
    assert await everything(each_era) == []
    assert await rows(engine, ada.household_id, "SELECT no FROM events") == []


async def test_rows_with_faults_can_be_skipped(client: McpClient) -> None:
    imported = await client.call("import_items", data=BROKEN, on_error="skip")
    assert imported["counts"] == {"added": 2, "failed": 2}
    assert imported["rows"] == 4
    assert [(each["line"], each["column"]) for each in imported["faults"]] == [(3, 6), (5, 1)]
    assert await names(client) == ["milk", "salt"]


async def test_data_that_cannot_be_read_are_refused_also_with_skip_and_dry_run(client: McpClient) -> None:
    for arguments in ({}, {"on_error": "skip"}, {"dry_run": True}):
        refusal = await client.refusal("import_items", data='[{"name": "milk"', **arguments)
        assert refusal["message"] == "Nothing was imported: the data can't be read. The fault says where and why."
        assert [(each["line"], each["column"]) for each in refusal["faults"]] == [(1, 17)]
    assert await names(client) == []


async def test_an_unknown_column_is_left_out_when_faults_are_skipped(client: McpClient) -> None:
    for data, column in (("name,colour\nmilk,white\n", 6), ('[{"name": "milk", "colour": "white"}]', 19)):
        refusal = await client.refusal("import_items", data=data)
        assert [(each["line"], each["column"]) for each in refusal["faults"]] == [(1, column)]
        imported = await client.call("import_items", data=data, on_error="skip", on_duplicate="separate")
        assert imported["counts"] == {"added": 1}
        assert "unknown column colour" in imported["faults"][0]["reason"]


async def test_faults_beyond_those_shown_are_counted(client: McpClient) -> None:
    refusal = await client.refusal("import_items", data="name,price\n" + "milk,free\n" * 60)
    assert len(refusal["faults"]) == MOST_SHOWN
    assert refusal["more_faults"] == 10


async def test_repairs_are_offered_and_applied_only_when_accepted(client: McpClient) -> None:
    data = "[{'name': 'milk', \"price\": NaN},]"
    refusal = await client.refusal("import_items", data=data)
    assert refusal["message"] == "Nothing was imported. Repairs needed: 4; repairs=apply accepts them."
    offered = refusal["repairs"]
    assert [(each["line"], each["column"], each["reason"]) for each in offered] == [
        (1, 3, "single quotes: use double quotes"),
        (1, 11, "single quotes: use double quotes"),
        (1, 28, "NaN is not a value: leave it out"),
        (1, 32, "trailing comma: remove it"),
    ]
    assert await names(client) == []
    tried = await client.call("import_items", data=data, dry_run=True)
    assert (tried["repairs"], tried["counts"]) == (offered, {"added": 1})
    assert await names(client) == []
    imported = await client.call("import_items", data=data, repairs="apply")
    assert (imported["repairs"], imported["left_out"]) == (offered, {"empty_values": 1})
    assert await names(client) == ["milk"]


async def test_faults_and_repairs_are_named_together(client: McpClient) -> None:
    refusal = await client.refusal("import_items", data="\ufeffname,price\nmilk,free\n")
    assert refusal["message"] == (
        "Nothing was imported. Faults: 1; on_error=skip imports the rest. "
        "Repairs needed: 1; repairs=apply accepts them."
    )
    assert (len(refusal["faults"]), len(refusal["repairs"])) == (1, 1)


async def test_a_dry_run_says_what_an_import_would_do_and_stores_nothing(client: McpClient) -> None:
    await client.call("add_items", items=["milk"])
    tried = await client.call("import_items", data="2 milk\neggs\n- [v] salt", dry_run=True)
    assert (tried["dry_run"], tried["counts"]) == (True, {"merged": 1, "added": 1, "failed": 1})
    assert "undo_ref" not in tried
    assert [each["name"] for each in await everything(client)] == ["milk"]
    assert "quantity" not in (await everything(client))[0]


@pytest.mark.parametrize(
    ("on_duplicate", "counts", "quantities"),
    [
        ("merge", {"merged": 2}, [6]),
        ("separate", {"added": 2}, [1, 2, 3]),
        ("skip", {"skipped": 2}, [1]),
    ],
)
async def test_duplicates_become_what_on_duplicate_says(
    client: McpClient, on_duplicate: str, counts: dict[str, int], quantities: list[int]
) -> None:
    await client.call("add_items", items=["1 milk"])
    imported = await client.call("import_items", data="2 milk\n3 milks", on_duplicate=on_duplicate)
    assert imported["counts"] == counts
    assert [item["quantity"] for item in await everything(client)] == quantities
    assert ("undo_ref" in imported) == (on_duplicate != "skip")


async def test_a_bought_item_is_reopened_by_an_open_row(client: McpClient) -> None:
    await client.call("add_items", items=["milk"])
    await client.call("check_items", items=["milk"])
    assert (await client.call("import_items", data="2 milk"))["counts"] == {"restored": 1}
    assert [(each["ref"], each.get("checked", False)) for each in await everything(client)] == [("i1", False)]


async def test_checked_rows_come_as_checked_with_their_time_and_are_no_purchases(
    client: McpClient, engine: Engine, ada: Connected
) -> None:
    await client.call("add_items", items=["milk"])
    data = f"name,checked,checked_at,price\nmilk,,{CHECKED_AT},2\nmilk,yes,,\nmilk,no,,\n"
    assert (await client.call("import_items", data=data))["counts"] == {"added": 2, "skipped": 1}
    found = await rows(engine, ada.household_id, "SELECT name, checked_at, checked_by FROM items ORDER BY no")
    assert [row["checked_at"] is not None for row in found] == [False, True, True]
    assert found[1]["checked_at"] == datetime.fromisoformat(CHECKED_AT)
    assert datetime.now(UTC) - found[2]["checked_at"] < timedelta(minutes=5)
    assert [row["checked_by"] for row in found[1:]] == [ada.person.id] * 2
    assert await rows(engine, ada.household_id, "SELECT id FROM purchases") == []
    (shown,) = (await client.call("get_overview"))["lists"]
    assert (shown["open"], shown["checked"]) == (1, 2)


async def test_a_checked_row_that_is_there_already_is_skipped(client: McpClient) -> None:
    data = f"name,quantity,checked_at\nmilk,1,{CHECKED_AT}\nmilk,2,{CHECKED_AT}\n"
    assert (await client.call("import_items", data=data))["counts"] == {"added": 2}, "each row for itself"
    assert (await client.call("import_items", data=data))["counts"] == {"skipped": 2}
    later = data.replace("2026-11-21", "2026-11-22")
    assert (await client.call("import_items", data=later, on_duplicate="skip"))["counts"] == {"skipped": 2}
    assert (await client.call("import_items", data=later))["counts"] == {"added": 2}
    assert (await client.call("import_items", data=data, on_duplicate="separate"))["counts"] == {"added": 2}


async def test_an_import_is_undone_as_one_call(client: McpClient) -> None:
    await client.call("add_items", items=["1 milk", "bread"])
    await client.call("check_items", items=["bread"])
    before = await everything(client)
    imported = await client.call("import_items", data="2 milk\nbread\neggs\n- [x] salt")
    assert imported["counts"] == {"merged": 1, "restored": 1, "added": 2}
    undone = await client.call("undo", undo_ref=imported["undo_ref"])
    assert undone["counts"] == {"undone": 4}
    after = await everything(client)
    assert after == before
    (event,) = (await client.call("get_activity", kind="import_items"))["events"]
    assert (event["ref"], len(event["changes"])) == (imported["undo_ref"], 4)
    await client.call("undo", undo_ref=undone["undo_ref"])
    assert sorted(item["name"] for item in await everything(client)) == ["bread", "eggs", "milk", "salt"]


async def test_the_same_key_imports_once(client: McpClient) -> None:
    call = {"data": "2 milk\neggs", "idempotency_key": "once"}
    first = await client.call("import_items", **call)
    assert await client.call("import_items", **call) == first
    assert [item.get("quantity") for item in await everything(client)] == [2, None]
    refusal = await client.refusal("import_items", **{**call, "data": "3 milk"})
    assert (refusal["code"], refusal["field"]) == ("conflict", "idempotency_key")
    refused = {"data": BROKEN, "idempotency_key": "again"}
    await client.refusal("import_items", **refused)
    again = await client.call("import_items", **{**refused, "on_error": "skip"})
    assert again["counts"] == {"merged": 1, "added": 1, "failed": 2}, "a refused call uses no key up"


async def test_without_a_key_a_second_import_is_a_second_import(client: McpClient) -> None:
    for _ in range(2):
        await client.call("import_items", data="2 milk\nsalt")
    assert [(item["name"], item.get("quantity")) for item in await everything(client)] == [("milk", 4), ("salt", None)]
    assert (await client.call("import_items", data="2 milk", on_duplicate="skip"))["counts"] == {"skipped": 1}


async def test_members_are_assigned_by_name_and_strangers_are_faults(
    client: McpClient, factory: Factory, ada: Connected
) -> None:
    grace, _ = await factory.person("Grace")
    await factory.join(grace, ada.household_id, "viewer")
    await client.call("import_items", data="name;assignee\nmilk;grace\neggs;ADA\nsalt;\n")
    assert [item.get("assignee") for item in await everything(client)] == ["Grace", "Ada", None]
    for data in ("name;assignee\nrice;Grace\noil;Eve\n", '["rice",\n {"name": "oil", "assignee": "Eve"}]'):
        refusal = await client.refusal("import_items", data=data)
        (fault,) = refusal["faults"]
        assert (fault["line"], fault["field"]) == (3 if ";" in data else 2, "assignee")
        assert fault["column"] == (5 if ";" in data else 30)
        assert fault["reason"] == "assignee must be the name of one member of the household, or me."
    assert len(await everything(client)) == 3


async def test_rows_beyond_what_a_list_holds_are_faults(
    client: McpClient, ada: Connected, database: DatabaseUrls
) -> None:
    full = ITEMS_PER_LIST - 1
    await lengthen_lists(database.superuser, [ada.token], full, full + 1, checked=False)
    refusal = await client.refusal("import_items", data="rye\nsoap\n\nstored 1\n- [x] tea")
    message = "The list is full (10,000 items). Remove what was bought, or use another list."
    assert refusal["faults"] == [
        {"line": 2, "column": 1, "reason": message},
        {"line": 5, "column": 7, "reason": message},
    ]
    imported = await client.call("import_items", data="rye\nsoap\n\nstored 1\n- [x] tea", on_error="skip")
    assert imported["counts"] == {"added": 1, "failed": 2, "skipped": 1}
    (shown,) = (await client.call("get_overview"))["lists"]
    assert shown["open"] == ITEMS_PER_LIST


async def test_more_lines_of_one_name_than_a_list_may_have_are_faults(client: McpClient) -> None:
    data = "milk\n" * (LINES_PER_NAME + 1)
    refusal = await client.refusal("import_items", data=data, on_duplicate="separate")
    (fault,) = refusal["faults"]
    assert (fault["line"], fault["column"]) == (LINES_PER_NAME + 1, 1)
    assert "open lines of this name" in fault["reason"]
    assert (await client.call("import_items", data=data))["counts"] == {"added": 1, "skipped": LINES_PER_NAME}


async def test_a_sum_that_is_too_large_is_a_fault(client: McpClient) -> None:
    await client.call("add_items", items=[{"name": "sand", "quantity": 90_000_000_000}])
    (fault,) = (await client.refusal("import_items", data="name,quantity\nsand,20000000000\n"))["faults"]
    assert (fault["line"], fault["column"]) == (2, 1)
    assert "over 100 billion" in fault["reason"]


async def test_prices_in_another_currency_are_refused(client: McpClient) -> None:
    await client.call("save_list", name="Alps", currency="CHF", store="Kiosk")
    await client.call("import_items", data="name,price\ncheese,9.5\nbread,\n", list="Alps")
    data = await exported(client, list="Alps")
    refusal = await client.refusal("import_items", data=data, list="Groceries")
    (fault,) = refusal["faults"]
    line = next(number for number, text in enumerate(data.splitlines(), 1) if '"currency"' in text)
    assert (fault["line"], fault["column"], fault["field"]) == (line, 15, "currency")
    await client.call("save_list", list="Groceries", currency="CHF")
    imported = await client.call("import_items", data=data, list="Groceries")
    assert (imported["counts"], imported["left_out"]) == ({"added": 2}, {"list_settings": 2})


async def test_the_sample_is_imported_without_a_fault(client: McpClient) -> None:
    (sample,) = (await client.result("resources/read", {"uri": "shopping://sample/120"}))["contents"]
    imported = await client.call("import_items", data=sample["text"])
    assert (imported["rows"], imported["counts"]) == (120, {"added": 120})
    assert "faults" not in imported
    assert "repairs" not in imported


@pytest.mark.proves("""rs-import-bounded MUST own rule
    What is imported is data: no format of it makes the service work or answer out of proportion.
    Here: Characters, rows, columns, depth and faults are bounded, no format has aliases, and messages repeat at most 40
    characters.""")
@pytest.mark.parametrize(
    ("data", "place", "reason"),
    [
        ("[" * 300_000, (1, 11), "values are nested more than 10 levels deep"),
        ('{"a":' * 100_000, (1, 51), "values are nested more than 10 levels deep"),
        ("[{'name': " * 30_000, (1, 51), "values are nested more than 10 levels deep"),
        ("[" + "1," * 250_000 + "1]", (1, 10_003), "more than 5,000 rows: import the rest by another call"),
        ("name," * 60_000, (1, 501), "there are more than 100 columns"),
        ('"' * 300_000, (1, 1), "the line has 300000 characters; 2200 is the limit."),
        ("- [" * 100_000, (1, 3), "the line has 299998 characters; 2200 is the limit."),
        ("\\" * 300_000, (1, 1), "the line has 300000 characters; 2200 is the limit."),
        ("1e999999999," * 20_000, (1, 1), "the line has 240000 characters; 2200 is the limit."),
        ('[{"name": "x", "price": ' + "9" * 300_000 + "}]", (1, 25), "price must be between 0 and 9,999,999,999."),
        ('[{"name": "x", "quantity": 1e-999999999}]', (1, 28), "quantity must be above 0 and at most 100 billion."),
        ('name\n"' + "x" * 300_000, (2, 1), "the line has 300001 characters; 2200 is the limit."),
        (
            "name,quantity\nx," + "9" * 15_000,
            (2, 3),
            "quantity must be a number such as 2.5, or an amount such as 2 kg",
        ),
    ],
)
async def test_hostile_data_are_refused_within_bounds(
    client: McpClient, data: str, place: tuple[int, int], reason: str
) -> None:
    response = await client.send("tools/call", {"name": "import_items", "arguments": {"data": data}})
    assert response.elapsed < timedelta(seconds=15)
    assert len(response.content) < 1_000
    refusal = json.loads(response.json()["result"]["content"][0]["text"])["error"]
    (fault,) = refusal["faults"]
    assert (refusal["code"], fault["line"], fault["column"], fault["reason"]) == ("invalid", *place, reason)
    assert await everything(client) == []


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("# " * 150_000, {"rows": 0, "counts": {}, "left_out": {"headings": 1}}),
        ("*" * 300_000, {"rows": 0, "counts": {}, "left_out": {"headings": 1}}),
        ("a: &a [x]\nb: [*a, *a]\n", {"rows": 2, "counts": {"added": 2}}),
    ],
)
async def test_what_only_looks_hostile_is_text(client: McpClient, data: str, expected: dict[str, Any]) -> None:
    imported = await client.call("import_items", data=data)
    assert {name: imported[name] for name in expected} == expected
    assert imported["format"] == "text"
    assert [item["name"] for item in await everything(client)] == data.splitlines()[: imported["rows"]]


async def test_only_the_whole_endpoint_has_it(http: httpx.AsyncClient, factory: Factory, ada: Connected) -> None:
    core = await factory.connect(ada.person, ada.household_id, resource=CORE)
    listed = await McpClient(http, core.token, path="/mcp/core").result("tools/list")
    assert "import_items" not in [tool["name"] for tool in listed["tools"]]


def some_item(chance: random.Random, number: int) -> dict[str, Any]:
    """An item with some of the details, the odd ones among them."""
    lines = ["plain", "=1+1", "-5", "@x", "'=x", "'", '"', "a,b;c|d", "😀 👩‍🌾", "Äpfel", "# x", "\\n"]
    texts = [*lines, "a\nb", "a\r\nb", "a\tb\n\n=c"]
    item: dict[str, Any] = {"name": f"{chance.choice(lines)} {number}"}
    details: dict[str, Any] = {
        "quantity": chance.choice([1, 0.333333, 2.5, 12, 99_999]),
        "unit": chance.choice(["kg", "g", "l", "cup", "EL", "Flasche", "amphora", "lb", "dozen"]),
        "note": chance.choice(texts),
        "category": chance.choice(["Dairy", "=cat", "Käse"]),
        "store": chance.choice(["Market", "+shop"]),
        "assignee": "Ada",
        "priority": chance.choice(["low", "high"]),
        "price": chance.choice([0, 0.99, 12.5]),
        "not_before": "2999-12-24",
        "repeat_every_days": chance.choice([1, 3650]),
    }
    return item | {name: value for name, value in details.items() if chance.random() < 0.5}


@pytest.mark.parametrize("form", ["json", "csv"])
async def test_a_list_that_is_exported_and_imported_is_the_same(
    client: McpClient, engine: Engine, ada: Connected, form: str
) -> None:
    chance = random.Random(f"{form} 12")
    items = [some_item(chance, number) for number in range(200)]
    for start in (0, 100):
        await client.call("add_items", items=items[start : start + 100], all_or_nothing=True)
    await client.call("add_items", items=["milk", "milk", "1 l milk"], on_duplicate="separate")
    await client.call("update_items", items=[{"item": "i201", "name": "3 musketeers"}])
    await client.call("check_items", items=[f"i{number}" for number in range(1, 60, 3)])
    await client.call("save_list", name="Copy")
    text = await exported(client, form)

    imported = await client.call("import_items", data=text, list="Copy", on_duplicate="separate")

    assert imported["counts"] == {"added": 203}
    copied = await exported(client, form, list="Copy")
    assert copied.replace('"name": "Copy"', '"name": "Groceries"') == text
    columns = "name, name_key, measure, amount, unit, note, category, store, assignee_id, priority, price, not_before"
    query = f"SELECT {columns}, repeat_days, checked_at, checked_by FROM items JOIN lists USING (household_id)"
    of_list = [
        await rows(
            engine,
            ada.household_id,
            f"{query.replace('name, name_key', 'items.name, items.name_key').replace('store', 'items.store')}"
            f" WHERE items.list_id = lists.id AND lists.no = {no} ORDER BY checked_at IS NOT NULL, position, items.no",
        )
        for no in (1, 2)
    ]
    assert of_list[0] == of_list[1]


async def test_markdown_is_imported_as_far_as_it_goes(client: McpClient) -> None:
    await client.call(
        "add_items",
        items=["2 kg flour", "milk (lactose free)", {"name": "**bread** [x]", "note": "a\nb"}, "3 eggs", "½ cup sugar"],
    )
    await client.call("check_items", items=["eggs"])
    text = await exported(client, "markdown")
    await client.call("save_list", name="Copy")
    imported = await client.call("import_items", data=text, list="Copy")
    assert (imported["format"], imported["counts"], imported["left_out"]) == ("text", {"added": 5}, {"headings": 1})
    assert (await exported(client, "markdown", list="Copy")) == text.replace("Groceries", "Copy")
