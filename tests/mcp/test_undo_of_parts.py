"""Undoing several calls at once, those of a time, and a part of one."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.looking import names, statuses

pytestmark = pytest.mark.anyio


async def test_several_calls_are_undone_together_and_that_too(client: McpClient) -> None:
    first = await client.call("add_items", items=["milk"])
    second = await client.call("update_items", items=[{"item": "milk", "note": "fresh"}])
    third = await client.call("check_items", items=["milk"])
    undone = await client.call("undo", undo_refs=[third["undo_ref"], first["undo_ref"], second["undo_ref"]])
    assert (statuses(undone), undone["undo_ref"]) == (["undone"] * 3, "e4-e6")
    assert await names(client, view="all") == []
    redone = await client.call("undo", undo_ref=undone["undo_ref"])
    assert statuses(redone) == ["undone"] * 3
    (item,) = (await client.call("list_items", view="all"))["items"]
    assert item == {"ref": "i1", "name": "milk", "note": "fresh", "checked": True}
    assert len(await client.failed("undo", undo_refs=["e1", "e99"])) == 2


async def test_what_i_changed_in_a_time_is_undone_and_what_others_did_stays(
    factory: Factory, client: McpClient, ada: Connected
) -> None:
    bob, _ = await factory.person("Bob")
    await factory.join(bob, ada.household_id, "editor")
    bobs = McpClient(client.http, (await factory.connect(bob, ada.household_id)).token)
    await client.call("add_items", items=["milk", "bread"])
    await bobs.call("add_items", items=["beer"])
    removed = await client.call("remove_items", items=["bread"])
    await client.call("undo", undo_ref=removed["undo_ref"])
    since = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    await client.call("undo", since=since)
    assert await names(client) == ["beer"]
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert (await client.refusal("undo", since=later))["code"] == "not_found"
    assert (await client.refusal("undo", since=since, undo_ref="e1"))["field"] == "undo_ref"


async def test_a_call_is_undone_for_some_items_and_later_for_the_others(client: McpClient) -> None:
    added = await client.call("add_items", items=["milk", "bread", "tea"])
    partly = await client.call("undo", undo_ref=added["undo_ref"], items=["milk", "gold"])
    assert [(each["name"], each["status"]) for each in partly["results"]] == [("gold", "failed"), ("milk", "undone")]
    assert "milk (i1)" in partly["results"][0]["error"]["candidates"]
    rest = await client.call("undo", undo_ref=added["undo_ref"], **{"except": ["tea"]})
    assert rest["counts"] == {"undone": 1, "unchanged": 1}
    assert await names(client) == ["tea"]
    error = await client.refusal("undo", undo_ref=added["undo_ref"], **{"except": ["gold"]})
    assert (error["code"], error["field"]) == ("not_found", "except[0]")
    error = await client.refusal("undo", undo_ref=added["undo_ref"], items=["tea"], **{"except": ["milk"]})
    assert error["field"] == "items"
