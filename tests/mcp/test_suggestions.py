"""What to buy, and why."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.db import Engine
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.purchases import PastPurchase, make_things, make_up_the_past

pytestmark = pytest.mark.anyio

NOW = datetime.now(UTC)
TODAY = NOW.date()


def bought(what: str, *days_ago: int, store: str | None = None) -> list[PastPurchase]:
    return [PastPurchase(what, NOW - timedelta(days=each), store) for each in days_ago]


@pytest.fixture
async def past(engine: Engine, ada: Connected, client: McpClient) -> None:
    """Milk every six days, soap now and then, pasta with sauce, a bell once, and ice cream until last year."""
    await make_things(client, ["milk", "soap", "pasta", "sauce", "bell", "ice cream", "salt"])
    purchases = [
        *bought("2 l milk", 8, 14, 20, 26, 32, 38, 44, 50, 56, store="Market"),
        *bought("soap", 5, 25, 90, store="Drugstore"),
        *bought("500 g pasta", 3, 17, 31, 45, 59),
        *bought("1 jar sauce", 3, 17, 31, 45),
        *bought("bell", 30),
        *bought("ice cream", 300, 307, 314, 321),
        *bought("salt", 1, 2),
    ]
    await make_up_the_past(engine, ada.household_id, purchases)


async def suggested(client: McpClient, **arguments: Any) -> list[dict[str, Any]]:
    return (await client.call("get_suggestions", **arguments))["suggestions"]


async def names(client: McpClient, **arguments: Any) -> list[str]:
    return [each["name"] for each in await suggested(client, **arguments)]


async def test_what_is_due_comes_with_its_reason_and_how_it_is_usually_bought(past: None, each_era: McpClient) -> None:
    assert await suggested(each_era, kind="due") == [
        {
            "name": "milk",
            "kind": "due",
            "reason": "bought 9 times, every 6 days, last 8 days ago",
            "quantity": 2,
            "unit": "l",
            "store": "Market",
            "last_bought": (TODAY - timedelta(days=8)).isoformat(),
            "every_days": 6,
        }
    ]


async def test_each_kind_has_its_things(past: None, client: McpClient) -> None:
    assert await names(client, kind="frequent") == ["milk", "pasta", "ice cream", "sauce", "soap"]
    assert await names(client, kind="recent") == ["salt", "pasta", "sauce", "soap", "milk", "bell", "ice cream"]
    assert await names(client, kind="recent", limit=2) == ["salt", "pasta"]
    assert await names(client, kind="goes_with") == [], "nothing is on the list"
    assert (await names(client))[0] == "milk"


async def test_what_goes_with_the_list_is_suggested(past: None, client: McpClient) -> None:
    await client.call("add_items", items=["pasta"])
    (sauce,) = await suggested(client, kind="goes_with")
    assert (sauce["name"], sauce["reason"]) == ("sauce", "bought with pasta on 4 of 5 days")
    assert "sauce" in await names(client)


async def test_what_is_open_on_any_list_is_not_suggested(past: None, client: McpClient) -> None:
    await client.call("save_list", name="Cabin")
    await client.call("add_items", items=["milk"], list="Cabin")
    for kind in ("due", "frequent", "recent", "low_stock"):
        assert "milk" not in await names(client, kind=kind)
    await client.call("save_list", list="Cabin", archived=True)
    assert "milk" in await names(client, kind="due")
    await client.call("add_items", items=[{"name": "milk", "not_before": "2099-01-01"}])
    assert "milk" not in await names(client)


async def test_for_a_named_list_only_what_was_bought_from_it_counts(past: None, client: McpClient) -> None:
    await client.call("save_list", name="Hardware")
    await client.call("add_items", items=["nails"], list="Hardware")
    await client.call("check_items", items=["nails"], list="Hardware")
    assert await names(client, kind="recent", list="Hardware") == ["nails"]
    assert "nails" not in await names(client, kind="recent", list="Groceries")
    assert "nails" in await names(client, kind="recent", list="*")


async def test_what_people_say_about_the_pantry_counts(past: None, client: McpClient) -> None:
    await client.call(
        "update_pantry",
        items=[
            {"name": "milk"},
            {"name": "soap", "have": False},
            {"name": "cream", "expires": (TODAY + timedelta(days=2)).isoformat()},
        ],
    )
    assert await names(client, kind="due") == [], "there is milk"
    low = {each["name"]: each for each in await suggested(client, kind="low_stock")}
    assert set(low) == {"soap", "cream"}
    assert low["cream"]["reason"].startswith("expires on ")
    assert "used up" in low["soap"]["reason"]
    assert low["soap"]["store"] == "Drugstore"


async def test_what_is_probably_used_up_is_low_stock(past: None, client: McpClient) -> None:
    low = {each["name"]: each["reason"] for each in await suggested(client, kind="low_stock")}
    assert set(low) == {"milk"}
    assert all(each.startswith("probably used up: bought 2 l on ") for each in low.values())


async def test_a_household_without_purchases_gets_no_suggestions(each_era: McpClient) -> None:
    await each_era.call("add_items", items=["milk"])
    assert await each_era.call("get_suggestions") == {"suggestions": []}


async def test_a_list_that_does_not_exist_is_refused(client: McpClient) -> None:
    assert (await client.refusal("get_suggestions", list="Nowhere"))["code"] == "not_found"
    assert (await client.refusal("get_suggestions", kind="cheap"))["field"] == "kind"
    assert (await client.refusal("get_suggestions", limit=51))["field"] == "limit"


async def test_another_household_is_suggested_nothing_of_it(past: None, factory: Factory, client: McpClient) -> None:
    theirs = McpClient(client.http, (await factory.connected("Eve")).token)
    for kind in ({}, {"kind": "frequent"}, {"kind": "recent"}, {"kind": "low_stock"}):
        assert await suggested(theirs, **kind) == []


async def test_days_are_those_of_the_households_time_zone(engine: Engine, ada: Connected, client: McpClient) -> None:
    await client.call("save_household", time_zone="Pacific/Kiritimati")
    await make_things(client, ["tea"])
    # One day in UTC, two days fourteen hours ahead of it.
    day = (NOW - timedelta(days=5)).replace(hour=1, minute=0)
    await make_up_the_past(
        engine, ada.household_id, [PastPurchase("tea", day), PastPurchase("tea", day + timedelta(hours=20))]
    )
    (tea,) = await suggested(client, kind="recent")
    assert tea["last_bought"] == (day + timedelta(hours=34)).date().isoformat()
    assert (await suggested(client, kind="frequent")) == []
