"""Resources: which are listed, what they hold, and who may read them."""

import csv
import io
from typing import Any

import pytest
from starlette.applications import Starlette

from app.db import Engine
from app.mcp.prompts import spec as prompt_spec
from app.mcp.resources import lists, serve
from app.mcp.resources.sample import HEADER, MOST_ROWS
from tests.audit.looking import log_of, only, recorded
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio

GUIDE = "shopping://guide/quantities"


async def ref_of(client: McpClient) -> str:
    return (await client.call("get_overview"))["household"]["ref"]


async def read(client: McpClient, uri: str) -> dict[str, Any]:
    """The one text that a resource holds, with its URI and type."""
    (contents,) = (await client.result("resources/read", {"uri": uri}))["contents"]
    assert contents["uri"] == uri
    return contents


async def test_the_lists_of_the_household_are_listed(each_era: McpClient) -> None:
    await each_era.call("save_list", name="Hardware")
    ref = await ref_of(each_era)
    listed = await each_era.result("resources/list")
    assert [(each["uri"], each["title"]) for each in listed["resources"]] == [
        (GUIDE, "How amounts are read"),
        (f"shopping://{ref}/lists", "Lists of Ada's household"),
        (f"shopping://{ref}/members", "Members of Ada's household"),
        (f"shopping://{ref}/lists/L1", "Groceries"),
        (f"shopping://{ref}/lists/L2", "Hardware"),
    ]
    assert "nextCursor" not in listed
    for each in listed["resources"]:
        assert (await read(each_era, each["uri"]))["mimeType"] == each["mimeType"] == "text/markdown"
    if each_era.era == "2026-07-28":
        assert (listed["cacheScope"], listed["ttlMs"] > 0) == ("private", True)


async def test_the_templates_are_those_of_every_person(each_era: McpClient) -> None:
    answer = await each_era.result("resources/templates/list")
    assert [each["uriTemplate"] for each in answer["resourceTemplates"]] == [
        "shopping://{household}/lists",
        "shopping://{household}/lists/{list}.csv",
        "shopping://{household}/lists/{list}",
        "shopping://{household}/members",
        "shopping://sample/{rows}",
    ]
    assert all(each["title"] and each["description"] and each["mimeType"] for each in answer["resourceTemplates"])
    if each_era.era == "2026-07-28":
        assert answer["cacheScope"] == "public"


async def test_a_list_is_read_as_markdown_and_as_csv(each_era: McpClient) -> None:
    await each_era.call("add_items", items=["2 kg flour", "milk (lactose free)", "*tea*"])
    await each_era.call("check_items", items=["*tea*"])
    ref = await ref_of(each_era)
    markdown = await read(each_era, f"shopping://{ref}/lists/L1")
    assert markdown["text"] == "# Groceries\n\n- [ ] 2 kg flour\n- [ ] milk (lactose free)\n"
    table = await read(each_era, f"shopping://{ref}/lists/L1.csv")
    assert table["mimeType"] == "text/csv"
    assert table["text"] == (await each_era.call("export_list", format="csv"))["text"]
    lists = await read(each_era, f"shopping://{ref}/lists")
    assert lists["text"] == "# Ada's household\n\n- L1 Groceries: 2 to buy, 1 bought\n"
    members = await read(each_era, f"shopping://{ref}/members")
    assert members["text"].endswith("\n\n- Ada (owner)\n")


@pytest.mark.parametrize(
    "uri",
    [
        "shopping://{theirs}/lists",
        "shopping://{theirs}/lists/L1",
        "shopping://{theirs}/lists/L1.csv",
        "shopping://{theirs}/members",
        "shopping://{mine}/lists/L9",
        "shopping://{mine}/lists/Groceries",
        "shopping://{mine}/lists/l1",
        "shopping://{mine}/lists/L1/",
        "shopping://{mine}/lists/%4C1",
        "shopping://{mine}",
        "shopping://Ada's%20household/lists",
        "shopping://sample/0",
        "shopping://sample/5001",
        "shopping://sample/007",
        "shopping://sample/1e3",
        "shopping://guide/cooking",
        "file:///etc/passwd",
        "shopping://{mine}/lists/" + "L" * 300,
        "not a uri",
    ],
)
async def test_what_is_foreign_and_what_does_not_exist_get_the_same_answer(
    each_era: McpClient, factory: Factory, uri: str
) -> None:
    theirs = await ref_of(McpClient(each_era.http, (await factory.connected("Bob")).token))
    uri = uri.replace("{theirs}", theirs).replace("{mine}", await ref_of(each_era))
    error = await each_era.error("resources/read", {"uri": uri})
    assert error == {
        "code": -32602 if each_era.era == "2026-07-28" else -32002,
        "message": "There is no such resource. resources/list names those that you may read.",
        "data": {"uri": uri[:200]},
    }


async def test_a_viewer_reads_and_a_grant_that_does_not_cover_the_household_does_not(
    client: McpClient, factory: Factory, ada: Connected
) -> None:
    bob, own = await factory.person("Bob")
    await factory.join(bob, ada.household_id, "viewer")
    ref = await ref_of(client)
    viewer = McpClient(client.http, (await factory.connect(bob, own, ada.household_id)).token)
    assert "Groceries" in (await read(viewer, f"shopping://{ref}/lists"))["text"]
    nothing = await factory.connect(ada.person, ada.household_id, token_scopes=())
    for method in ("resources/read", "resources/list", "prompts/list"):
        refused = await McpClient(client.http, nothing.token).send(method, {"uri": GUIDE} if "read" in method else None)
        assert refused.status_code == 403
    uncovered = McpClient(client.http, (await factory.connect(bob, own)).token)
    assert (await uncovered.error("resources/read", {"uri": f"shopping://{ref}/lists"}))["code"] == -32602


@pytest.mark.parametrize("count", [1, 12, MOST_ROWS])
async def test_sample_data_is_the_same_at_every_reading(client: McpClient, count: int) -> None:
    text = (await read(client, f"shopping://sample/{count}"))["text"]
    header, *found = list(csv.reader(io.StringIO(text)))
    assert tuple(header) == HEADER
    assert len(found) == count
    assert len({tuple(row) for row in found}) == count
    assert (await read(client, f"shopping://sample/{count}"))["text"] == text
    prefix = (await read(client, "shopping://sample/1"))["text"]
    assert text.startswith(prefix)


async def test_a_list_that_is_too_long_for_one_text_is_refused_with_the_way_to_read_it(
    client: McpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.call("add_items", items=["milk", "bread"])
    uri = f"shopping://{await ref_of(client)}/lists/L1"
    monkeypatch.setattr(serve, "LARGEST", 20)
    error = await client.error("resources/read", {"uri": uri})
    assert (error["code"], error["data"]["field"]) == (-32602, "uri")
    assert "list_items" in error["message"]


async def test_a_list_that_would_be_too_long_to_read_or_to_attach_is_refused(
    client: McpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.call("add_items", items=[{"name": "milk", "note": "n" * 100}])
    for module in (lists, prompt_spec):
        monkeypatch.setattr(module, "LARGEST", 50)
    read = ("resources/read", {"uri": f"shopping://{await ref_of(client)}/lists/L1"})
    for method, params in (read, ("prompts/get", {"name": "plan_meals"})):
        error = await client.error(method, params)
        assert (error["code"], error["data"]["field"]) == (-32602, "list")
        assert error["message"] == "L1 is too long to be shown in one piece. list_items has it page by page."


async def test_readings_are_recorded_without_their_content(
    app: Starlette, client: McpClient, engine: Engine, ada: Connected
) -> None:
    ref = await ref_of(client)
    await read(client, f"shopping://{ref}/lists/L1")
    await client.error("resources/read", {"uri": "shopping://secret/lists"})
    await client.error("resources/read", {"uri": "shopping://secret"})
    await read(client, GUIDE)
    every = await recorded(engine, log_of(app), "resource_read")
    entries = [each for each in every if each["grant_id"] == ada.grant_id]
    assert [only(each, "detail", "outcome", "household_id") for each in entries] == [
        ("list", "ok", ada.household_id),
        ("lists", "not_found", None),
        (None, "not_found", None),
        ("quantities", "ok", None),
    ]
    assert "secret" not in str(entries)
