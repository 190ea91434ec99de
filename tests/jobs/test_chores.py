"""What happens by itself, with time as an argument: nothing here waits."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import anyio
import httpx
import pytest
from sqlalchemy import text

from app.db import Engine, create_engine, transaction
from app.db.embedded import DatabaseUrls
from app.db.transactions import try_lead
from app.households.tenant import open_for_service
from app.jobs import runner
from app.jobs.runner import tend, tend_all
from app.lists.items import recurring
from app.main import create_app
from app.settings import Settings
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.conftest import client
from tests.mcp.looking import names, refs, rows

pytestmark = pytest.mark.anyio

__all__ = ["client"]

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


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
async def test_days_are_those_of_the_household(client: McpClient, engine: Engine, ada: Connected, zone: str) -> None:
    """At any time, the day in one of these two is another one than in UTC."""
    async with transaction(engine) as connection:
        await connection.execute(text("UPDATE households SET time_zone = :zone").bindparams(zone=zone))
    there = NOW.astimezone(ZoneInfo(zone))
    today, tomorrow = there.date(), there.date() + DAY
    days = {"today": today, "tomorrow": tomorrow}
    await client.call("add_items", items=[{"name": name, "not_before": f"{day}"} for name, day in days.items()])
    assert await names(client) == ["today"]
    assert await names(client, group_by="category") == ["today"]
    assert await names(client, view="waiting") == ["tomorrow"]
    assert (await client.call("list_items"))["counts"] == {"open": 1, "checked": 0, "waiting": 1}
    await client.call("update_items", items=[{"item": "tomorrow", "repeat_every_days": 2}])
    checked = (await client.call("check_items", items=["tomorrow"]))["results"][0]
    assert checked["changes"] == {"comes_back": f"{today + 2 * DAY}"}
    midnight = datetime.combine(today, time(), ZoneInfo(zone))
    await tend_all(engine, midnight + 2 * DAY - timedelta(minutes=1))
    assert await names(client) == ["today"]
    await tend_all(engine, midnight + 2 * DAY)
    assert await names(client, view="all") == ["today", "tomorrow"]
    assert await names(client, view="checked") == []


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
    assert (await client.call("list_items", detail="full"))["items"] == [
        {"ref": "i1", "name": "milk", "added_by": "Ada"}
    ]


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


async def test_what_should_not_have_come_back_stays_away_until_it_is_due_once_more(
    client: McpClient, engine: Engine, ada: Connected
) -> None:
    await client.call("add_items", items=[{"name": name, "repeat_every_days": 7} for name in ("milk", "tea")])
    await client.call("check_items", items=["milk", "tea"])
    async with transaction(engine, ada.household_id) as connection:
        await connection.execute(text("UPDATE items SET checked_at = checked_at - interval '7 days'"))
    assert await tend_all(engine, NOW) == 1
    event = (await client.call("get_activity", kind="repeat_items"))["events"][0]
    await client.call("check_items", items=["tea"])
    await client.call("undo", undo_ref=event["undo_ref"])
    assert await tend_all(engine, NOW + 6 * DAY) == 0
    assert await names(client) == []
    assert await tend_all(engine, NOW + 7 * DAY) == 1
    assert await names(client) == ["milk", "tea"]


async def test_old_events_are_forgotten_and_followers_from_then_get_everything(
    client: McpClient, engine: Engine, ada: Connected
) -> None:
    added = await client.call("add_items", items=["milk", "tea"])
    await client.call("save_list", name="Hardware")
    await client.call("move_items", items=["tea"], to_list="L2")
    checked = await client.call("check_items", items=["milk"])
    assert not await tend(engine, ada.household_id, NOW + 399 * DAY)
    assert (await client.call("list_items", since_rev=added["rev"]))["removed"] == ["i1", "i2"]
    await tend(engine, ada.household_id, NOW + 401 * DAY)
    assert (await client.call("get_activity"))["events"] == []
    everything = await client.call("list_items", since_rev=added["rev"], view="all")
    assert (everything["full"], [item["ref"] for item in everything["items"]]) == (True, ["i1"])
    assert "removed" not in everything
    assert "full" not in await client.call("list_items", since_rev=checked["rev"])
    assert (await client.refusal("undo", undo_ref="e1"))["code"] == "not_found"
    added = await client.call("add_items", items=["jam"])
    assert added["undo_ref"] == "e5", "a ref is not given twice"


async def test_items_that_were_removed_long_ago_are_forgotten_unless_they_were_bought(
    client: McpClient, engine: Engine, ada: Connected
) -> None:
    await client.call("add_items", items=["milk", "tea", "jam"])
    await client.call("check_items", items=["tea"])
    await client.call("remove_items", items=["milk", "tea"])

    async def stored() -> list[str]:
        async with transaction(engine, ada.household_id) as connection:
            return list((await connection.execute(text("SELECT name FROM items ORDER BY no"))).scalars())

    await tend_all(engine, NOW + 399 * DAY)
    assert await stored() == ["milk", "tea", "jam"]
    await tend_all(engine, NOW + 401 * DAY)
    assert await stored() == ["tea", "jam"]
    assert [item["ref"] for item in (await client.call("list_items"))["items"]] == ["i3"]


async def test_an_item_that_was_removed_again_of_late_is_still_on_record(
    client: McpClient, engine: Engine, ada: Connected
) -> None:
    await client.call("add_items", items=["milk"])
    removed = await client.call("remove_items", items=["milk"])
    async with transaction(engine, ada.household_id) as connection:
        for statement in (
            "UPDATE items SET deleted_at = '2020-01-02 03:04:05+00'",
            "UPDATE events SET at = '2020-01-02 03:04:05+00', changes = regexp_replace("
            """changes::text, '"deleted_at": "[^"]+"', '"deleted_at": "2020-01-02T03:04:05+00:00"')::jsonb""",
        ):
            await connection.exec_driver_sql(statement)
    brought_back = await client.call("undo", undo_ref=removed["undo_ref"])
    removed_again = await client.call("undo", undo_ref=brought_back["undo_ref"])
    await tend_all(engine, NOW)
    assert (await client.call("list_items", since_rev=brought_back["rev"]))["removed"] == ["i1"]
    await client.call("undo", undo_ref=removed_again["undo_ref"])
    assert await names(client) == ["milk"]


async def test_those_who_follow_a_list_are_told(client: McpClient, engine: Engine, ada: Connected) -> None:
    await client.call("add_items", items=[{"name": "milk", "repeat_every_days": 1}])
    await client.call("check_items", items=["milk"])
    notified: list[tuple[UUID, Mapping[UUID, int]]] = []
    await tend_all(engine, NOW + 2 * DAY, lambda household, lists, _: notified.append((household, dict(lists))))
    ((household, lists),) = notified
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


async def test_days_are_those_of_utc_whatever_the_database_thinks(
    client: McpClient, ada: Connected, engine: Engine, database: DatabaseUrls
) -> None:
    await client.call("add_items", items=[{"name": "milk", "repeat_every_days": 1}, {"name": "tea"}])
    await client.call("check_items", items=["milk"])
    evening = datetime(2026, 12, 23, 23, 59, 59, tzinfo=UTC)
    elsewhere = create_engine(database.service)
    async with transaction(elsewhere, ada.household_id) as connection:
        # All connections of this pool, which has one so far, are in a time zone where it is the next day already.
        await connection.execute(text("SET SESSION TIME ZONE 'Pacific/Auckland'"))
        await connection.execute(
            text("UPDATE items SET checked_at = :at WHERE no = 1"), {"at": evening - timedelta(hours=12)}
        )
        await connection.execute(text("UPDATE items SET not_before = :day WHERE no = 2"), {"day": date(2026, 12, 24)})
    found = [await _due(elsewhere, ada, moment) for moment in (evening, evening + timedelta(seconds=1))]
    await elsewhere.dispose()
    assert found == [False, True]


async def _due(engine: Engine, who: Connected, now: datetime) -> bool:
    async with open_for_service(engine, who.household_id, write=False) as tenant:
        assert await tenant.driver.fetchval("SHOW TimeZone") == "Pacific/Auckland"
        return await recurring.is_anything_due(tenant, now)


@pytest.mark.parametrize(("days", "bought", "back"), [(1, 0, 1), (1, 23, 1), (7, 0, 7), (7, 23, 7), (2, 12, 2)])
async def test_what_repeats_comes_back_at_midnight_so_many_days_after_the_day_it_was_bought(
    client: McpClient, ada: Connected, engine: Engine, days: int, bought: int, back: int
) -> None:
    await client.call("add_items", items=[{"name": "milk", "repeat_every_days": days}])
    await client.call("check_items", items=["milk"])
    midnight = datetime(2027, 2, 28, tzinfo=UTC)
    async with transaction(engine, ada.household_id) as connection:
        await connection.execute(
            text("UPDATE items SET checked_at = :at"), {"at": midnight + timedelta(hours=bought, minutes=59)}
        )
    assert await tend_all(engine, midnight + back * DAY - timedelta(microseconds=1)) == 0
    assert await tend_all(engine, midnight + back * DAY) == 1
    assert await names(client) == ["milk"]


async def test_two_processes_bring_an_item_back_once(
    client: McpClient, engine: Engine, ada: Connected, database: DatabaseUrls
) -> None:
    await client.call("add_items", items=[{"name": f"thing {number}", "repeat_every_days": 1} for number in range(50)])
    await client.call("check_items", items=[f"i{number + 1}" for number in range(50)])
    second = create_engine(database.service)
    await asyncio.gather(*(tend_all(each, NOW + 2 * DAY) for each in (engine, second, engine, second)))
    # Also where both found something due before either had the write lock.
    await asyncio.gather(*(tend(each, ada.household_id, NOW + 2 * DAY) for each in (engine, second)))
    await second.dispose()
    assert len(await names(client)) == 50
    assert len(await rows(engine, ada.household_id, "SELECT * FROM events WHERE kind = 'repeat_items'")) == 1


async def test_the_service_does_its_chores(
    engine: Engine, settings: Settings, factory: Factory, ada: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "FIRST_SECONDS", 0)
    monkeypatch.setattr(runner, "EVERY_SECONDS", 0)
    application = create_app(settings)
    transport = httpx.ASGITransport(application)
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(transport=transport, base_url=settings.public_url) as http,
    ):
        client = McpClient(http, ada.token)
        await client.call("add_items", items=[{"name": "milk", "repeat_every_days": 1}])
        await client.call("check_items", items=["milk"])
        async with transaction(engine, ada.household_id) as connection:
            await connection.execute(text("UPDATE items SET checked_at = checked_at - interval '1 day'"))
        with anyio.fail_after(30):
            while await names(client) != ["milk"]:
                pass
