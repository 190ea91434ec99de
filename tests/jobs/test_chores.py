"""What happens by itself, with time as an argument: nothing here waits."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.db import Engine, transaction
from app.db.leader import try_lead
from app.jobs import runner
from app.jobs.runner import tend_all
from app.lists import recurring
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.conftest import ada, client, factory
from tests.mcp.looking import names, refs, rows

pytestmark = pytest.mark.anyio

__all__ = ["ada", "client", "factory"]

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


async def test_a_repeating_item_comes_back_when_it_is_due(client: McpClient, engine: Engine) -> None:
    item: dict[str, Any] = {
        "name": "milk",
        "quantity": 2,
        "unit": "l",
        "note": "fresh",
        "price": 1.5,
        "store": "Market",
    }
    await client.call("add_items", items=[{**item, "repeat_every_days": 7}, "bread"])
    checked = await client.call("check_items", items=["milk", "bread"])
    await tend_all(engine, NOW + 6 * DAY)
    assert await names(client) == []
    await tend_all(engine, NOW + 7 * DAY)
    changed = await client.call("list_items", since_rev=checked["rev"])
    assert changed["items"] == [
        {"ref": "i1", "name": "milk", "quantity": 2, "unit": "l", "note": "fresh", "store": "Market"}
    ]
    assert await names(client, view="checked") == ["bread"]
    assert await tend_all(engine, NOW + 7 * DAY) == 0


async def test_what_comes_back_is_bought_again_and_again(client: McpClient, engine: Engine, ada: Connected) -> None:
    await client.call("add_items", items=[{"name": "milk", "repeat_every_days": 1}])
    for day in range(1, 4):
        await client.call("check_items", items=["milk"])
        await tend_all(engine, NOW + day * DAY)
        assert await refs(client) == ["i1"]
    assert len(await rows(engine, ada.household_id, "SELECT * FROM purchases")) == 3


async def test_what_was_removed_or_put_away_does_not_come_back(client: McpClient, engine: Engine) -> None:
    await client.call("save_list", name="Archive")
    await client.call("save_list", name="Deleted")
    for name in ("L1", "Archive", "Deleted"):
        await client.call("add_items", items=[{"name": f"of {name}", "repeat_every_days": 1}], list=name)
    await client.call("check_items", items=["i1", "i2", "i3"])
    await client.call("remove_items", items=["i1"])
    await client.call("save_list", list="Archive", archived=True)
    await client.call("delete_list", list="Deleted", confirm_name="Deleted")
    assert await tend_all(engine, NOW + 5 * DAY) == 0
    assert await names(client, list="*") == []


async def test_it_comes_back_at_the_end_beside_a_namesake(client: McpClient, engine: Engine) -> None:
    await client.call("add_items", items=[{"name": "milk", "repeat_every_days": 1}])
    await client.call("check_items", items=["milk"])
    await client.call("add_items", items=["bread", "milk"], on_duplicate="separate")
    await tend_all(engine, NOW + 2 * DAY)
    await client.call("add_items", items=["tea"])
    assert await refs(client) == ["i2", "i3", "i1", "i5"]
    assert await names(client) == ["bread", "milk", "milk", "tea"]


async def test_an_item_waits_for_its_day(client: McpClient, engine: Engine) -> None:
    later = (NOW + 3 * DAY).date()
    added = await client.call("add_items", items=[{"name": "goose", "not_before": later.isoformat()}, "milk"])
    listed = await client.call("list_items")
    assert [item["name"] for item in listed["items"]] == ["milk"]
    assert listed["counts"] == {"open": 1, "checked": 0, "waiting": 1}
    assert await names(client, view="all") == ["goose", "milk"]
    assert (await client.call("get_overview"))["lists"][0]["waiting"] == 1
    await tend_all(engine, NOW + 2 * DAY)
    assert await names(client) == ["milk"]
    await tend_all(engine, NOW + 3 * DAY)
    assert await names(client) == ["goose", "milk"]
    assert await names(client, since_rev=added["rev"]) == ["goose"]
    assert "waiting" not in (await client.call("list_items"))["counts"]


async def test_what_is_needed_today_does_not_join_what_waits(client: McpClient, engine: Engine) -> None:
    later = (NOW + 3 * DAY).date().isoformat()
    await client.call("add_items", items=[{"name": "milk", "quantity": 5, "not_before": later}])
    await client.call("add_items", items=["2 milk"])
    await client.call("add_items", items=[{"name": "milk", "quantity": 1, "not_before": later}, "1 milk"])
    items = (await client.call("list_items", view="all"))["items"]
    assert [(item["ref"], item["quantity"]) for item in items] == [("i1", 6), ("i2", 3)]
    assert await refs(client) == ["i2"]


async def test_a_day_that_has_come_is_none_to_wait_for(client: McpClient) -> None:
    await client.call("add_items", items=[{"name": "milk", "not_before": "2020-01-01"}, "milk"])
    assert (await client.call("list_items", detail="full"))["items"] == [{"ref": "i1", "name": "milk"}]


async def test_what_happened_by_itself_is_told_without_a_person_and_can_be_undone(
    client: McpClient, engine: Engine
) -> None:
    await client.call("add_items", items=[{"name": "milk", "repeat_every_days": 1}])
    await client.call("check_items", items=["milk"])
    await tend_all(engine, NOW + 2 * DAY)
    event = (await client.call("get_activity", kind="repeat_items"))["events"][0]
    assert event["changes"] == [{"ref": "i1", "name": "milk", "what": "unchecked"}]
    assert "person" not in event
    await client.call("undo", undo_ref=event["undo_ref"])
    assert await names(client, view="checked") == ["milk"]


async def test_old_events_are_forgotten_and_followers_from_then_get_everything(
    client: McpClient, engine: Engine
) -> None:
    added = await client.call("add_items", items=["milk", "tea"])
    await client.call("save_list", name="Hardware")
    await client.call("move_items", items=["tea"], to_list="L2")
    checked = await client.call("check_items", items=["milk"])
    assert await tend_all(engine, NOW + 399 * DAY) == 0
    assert (await client.call("list_items", since_rev=added["rev"]))["removed"] == ["i1", "i2"]
    await tend_all(engine, NOW + 401 * DAY)
    assert (await client.call("get_activity"))["events"] == []
    everything = await client.call("list_items", since_rev=added["rev"], view="all")
    assert (everything["full"], [item["ref"] for item in everything["items"]]) == (True, ["i1"])
    assert "removed" not in everything
    assert "full" not in await client.call("list_items", since_rev=checked["rev"])
    assert (await client.refusal("undo", undo_ref="e1"))["code"] == "not_found"
    added = await client.call("add_items", items=["jam"])
    assert added["undo_ref"] == "e5", "a ref is not given twice"


async def test_those_who_follow_a_list_are_told(client: McpClient, engine: Engine, ada: Connected) -> None:
    await client.call("add_items", items=[{"name": "milk", "repeat_every_days": 1}])
    await client.call("check_items", items=["milk"])
    told: list[tuple[UUID, Mapping[UUID, int]]] = []
    await tend_all(engine, NOW + 2 * DAY, lambda household, lists: told.append((household, dict(lists))))
    ((household, lists),) = told
    assert household == ada.household_id
    assert list(lists.values()) == [(await client.call("list_items"))["rev"]]


async def test_only_one_process_tends_at_a_time(client: McpClient, engine: Engine) -> None:
    assert client
    async with transaction(engine) as connection:
        assert await try_lead(connection, runner._LEAD)  # pyright: ignore[reportPrivateUsage]
        assert await tend_all(engine, NOW) is None
    assert await tend_all(engine, NOW) == 0


async def test_a_fault_in_one_household_leaves_the_others_alone(
    factory: Factory, client: McpClient, engine: Engine, monkeypatch: pytest.MonkeyPatch, ada: Connected
) -> None:
    other = McpClient(client.http, (await factory.connected("Bob")).token)
    for each in (client, other):
        await each.call("add_items", items=[{"name": "milk", "repeat_every_days": 1}])
        await each.call("check_items", items=["milk"])
    real = recurring.bring_back

    async def fail_for_ada(tenant: Any, now: datetime) -> int:
        if tenant.household_id == ada.household_id:
            raise RuntimeError("planted")
        return await real(tenant, now)

    monkeypatch.setattr(recurring, "bring_back", fail_for_ada)
    assert await tend_all(engine, NOW + 2 * DAY) == 1
    assert (await names(client), await names(other)) == ([], ["milk"])
