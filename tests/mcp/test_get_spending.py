"""What was spent, from what was checked off."""

import statistics
from collections import defaultdict
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple, get_args
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.db import Engine, transaction
from app.lists.purchases.spending_repository import SpendingGroup
from app.mcp.tools.get_spending import Show
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio

Group = tuple[str | None, str]
"""The label of a group, and its currency."""


class Bought(NamedTuple):
    """One purchase; without a price where `cents` is None."""

    cents: int | None
    store: str | None
    category: str | None
    currency: str
    item: str = "thing"
    person: str = "Ada"
    month: str | None = None


PURCHASES = st.lists(
    st.builds(
        Bought,
        st.none() | st.integers(0, 5) | st.integers(0, 99_999_999) | st.sampled_from([199, 199, 250]),
        st.none() | st.sampled_from(["Depot", "Corner shop"]),
        st.none() | st.sampled_from(["dairy", "bakery", "Œufs"]),
        st.sampled_from(["EUR", "USD", "JPY"]),
        st.sampled_from(["thing", "Käse"]),
        st.sampled_from(["Ada", "Bob"]),
        st.sampled_from(["2025-12", "2026-01", "2026-02"]),
    ),
    max_size=14,
)
A_PRICE = Bought(1, "Depot", "dairy", "EUR", month="2026-01")


async def buy(client: McpClient, purchases: list[Bought], bob: McpClient | None = None) -> dict[str, Bought]:
    """Make a list for each currency, and check off what was bought; return the purchases by the ref of their item."""
    for currency in sorted({each.currency for each in purchases}):
        await client.call("save_list", name=currency, currency=currency)
    by_ref: dict[str, Bought] = {}
    for trip in {(each.currency, each.store, each.person) for each in purchases}:
        bought = [each for each in purchases if (each.currency, each.store, each.person) == trip]
        currency, store, person = trip
        items: list[dict[str, Any]] = []
        for each in bought:
            item = {"name": each.item, "price": each.cents / 100 if each.cents is not None else None}
            item["category"] = each.category
            items.append({key: value for key, value in item.items() if value is not None})
        added = await client.call("add_items", items=items, list=currency, on_duplicate="separate")
        refs = [each["ref"] for each in added["results"]]
        buyer = client if person == "Ada" or bob is None else bob
        await buyer.call("check_items", items=refs, **({} if store is None else {"store": store}))
        by_ref |= dict(zip(refs, bought, strict=True))
    return by_ref


async def move_to_their_months(engine: Engine, household_id: UUID, by_ref: dict[str, Bought]) -> None:
    """Let the purchases have been made in their months, at the first moment (UTC) or near the last."""
    statement = text("""
        UPDATE purchases SET bought_at = :at FROM items
        WHERE items.household_id = purchases.household_id AND items.id = purchases.item_id AND items.no = :no
    """)
    async with transaction(engine, household_id) as connection:
        for ref, bought in by_ref.items():
            no = int(ref.removeprefix("i"))
            first = datetime.fromisoformat(f"{bought.month}-01T00:00:00+00:00")
            at = first if no % 2 else first + timedelta(days=27, hours=23, minutes=59)
            await connection.execute(statement, {"at": at, "no": no})


def rounded(value: Decimal) -> float:
    return float(value.quantize(Decimal("0.01"), ROUND_HALF_UP))


def reference(purchases: list[Bought], field: str) -> dict[Group, dict[str, float]]:
    """The statistics as Python's own module computes them."""
    prices: dict[Group, list[Decimal]] = defaultdict(list)
    for each in purchases:
        if each.cents is not None:
            prices[getattr(each, field), each.currency].append(Decimal(each.cents) / 100)
    return {
        group: {
            "count": len(paid),
            "total": rounded(sum(paid, Decimal())),
            "mean": rounded(statistics.mean(paid)),
            "median": rounded(statistics.median(paid)),
            **({"stdev": rounded(statistics.stdev(paid))} if len(paid) > 1 else {}),
            "min": rounded(min(paid)),
            "max": rounded(max(paid)),
        }
        for group, paid in prices.items()
    }


def by_group(groups: list[dict[str, Any]]) -> dict[Group, dict[str, float]]:
    return {(each.pop("group", None), each.pop("currency")): each for each in groups}


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(purchases=PURCHASES)
@example(purchases=[A_PRICE])
@example(purchases=[A_PRICE] * 5)
@example(purchases=[A_PRICE, A_PRICE._replace(cents=2)])
@example(purchases=[A_PRICE._replace(cents=cents, item="Käse") for cents in (33, 33, 34, 99_999_999)])
@example(purchases=[A_PRICE._replace(currency=currency) for currency in ("EUR", "USD", "JPY", "EUR")])
async def test_the_statistics_are_those_of_a_plain_computation(
    factory: Factory, client: McpClient, purchases: list[Bought]
) -> None:
    household = await factory.connected()
    ours = McpClient(client.http, household.token)
    bob, own = await factory.person("Bob")
    await factory.join(bob, household.household_id, "editor")
    bobs = McpClient(client.http, (await factory.connect(bob, household.household_id, own)).token)
    by_ref = await buy(ours, purchases, bobs)
    await move_to_their_months(factory.engine, household.household_id, by_ref)
    for field in get_args(SpendingGroup):
        answer = await ours.call("get_spending", group_by=field)
        assert by_group(answer["groups"]) == reference(purchases, field)
        everything = [each._replace(store=None) for each in purchases]
        assert by_group(answer["totals"]) == reference(everything, "store")
        assert answer.get("unpriced", 0) == sum(each.cents is None for each in purchases)


async def test_nothing_bought_is_no_error(each_era: McpClient) -> None:
    assert await each_era.call("get_spending") == {"groups": [], "totals": []}


async def test_one_price_has_no_deviation_and_equal_ones_have_none_of_it(client: McpClient) -> None:
    await buy(client, [Bought(199, "Depot", None, "EUR")] * 3 + [Bought(250, "Market", None, "EUR")])
    depot, market = (await client.call("get_spending"))["groups"]
    assert (depot["group"], depot["stdev"], depot["mean"]) == ("Depot", 0, 1.99)
    assert (market["group"], market["count"]) == ("Market", 1)
    assert "stdev" not in market


async def test_months_come_in_order_and_people_by_name(client: McpClient) -> None:
    await buy(client, [Bought(199, None, None, "EUR")])
    (month,) = (await client.call("get_spending", group_by="month"))["groups"]
    assert len(month["group"]) == len("2026-11")
    (person,) = (await client.call("get_spending", group_by="person"))["groups"]
    assert person["group"] == "Ada"


async def test_one_item_has_the_history_of_its_price(each_era: McpClient) -> None:
    for price, store in ((1.09, "Depot"), (1.29, "Corner shop")):
        await each_era.call("add_items", items=[{"name": "Milk", "quantity": 2, "unit": "l", "price": price}, "bread"])
        await each_era.call("check_items", items=["milk", "bread"], store=store)
    answer = await each_era.call("get_spending", item="milks", group_by="item")
    assert [(each["price"], each["store"], each["quantity"]) for each in answer["history"]] == [
        (1.29, "Corner shop", "2 l"),
        (1.09, "Depot", "2 l"),
    ]
    assert [(each["group"], each["count"], each["median"]) for each in answer["groups"]] == [("Milk", 2, 1.19)]
    assert "unpriced" not in answer
    assert await each_era.call("get_spending", item="i1", group_by="item") == answer


async def test_a_thing_never_bought_is_refused_with_what_was(client: McpClient) -> None:
    await client.call("add_items", items=["oat milk", "bread"])
    await client.call("check_items", items=["oat milk"])
    assert (await client.call("get_spending", item="milk"))["item"] == "oat milk"
    error = await client.refusal("get_spending", item="otamilk")
    assert (error["code"], error["field"], error["candidates"]) == ("not_found", "item", ["oat milk"])
    assert (await client.refusal("get_spending", item="bread"))["code"] == "not_found"
    assert (await client.refusal("get_spending", item="i2"))["code"] == "not_found"


async def test_part_of_a_name_that_fits_several_things_has_them_as_candidates(client: McpClient) -> None:
    await client.call("add_items", items=["oat milk", "soy milk"])
    await client.call("check_items", items=["oat milk", "soy milk"], store="Corner shop")
    error = await client.refusal("get_spending", item="milk", show="purchases")
    assert (error["code"], sorted(error["candidates"])) == ("ambiguous", ["oat milk", "soy milk"])
    (oat,) = (await client.call("get_spending", item=error["candidates"][0], show="purchases", store="corner"))[
        "purchases"
    ]
    assert (oat["name"], oat["store"]) == (error["candidates"][0], "Corner shop")
    assert (await client.refusal("get_spending", store="Depot"))["code"] == "not_found"


async def test_a_period_includes_its_start_and_not_its_end(client: McpClient) -> None:
    await buy(client, [Bought(199, None, None, "EUR")])
    assert (await client.call("get_spending", since="2020-01-01", until="2021-01-01"))["totals"] == []
    assert len((await client.call("get_spending", since="2026-01-01", until="2126-01-01"))["totals"]) == 1
    error = await client.refusal("get_spending", since="2026-02-01", until="2026-02-01")
    assert (error["code"], error["field"]) == ("invalid", "until")


async def test_what_is_unchecked_or_undone_was_not_spent(client: McpClient) -> None:
    await client.call("add_items", items=[{"name": "milk", "price": 1}, {"name": "tea", "price": 2}])
    await client.call("check_items", items=["milk"])
    checked = await client.call("check_items", items=["tea"])
    await client.call("check_items", items=["milk"], checked=False)
    await client.call("undo", undo_ref=checked["undo_ref"])
    assert (await client.call("get_spending"))["totals"] == []


async def test_another_household_sees_nothing_of_it(client: McpClient, factory: Factory) -> None:
    await buy(client, [Bought(199, "Depot", "dairy", "EUR")])
    theirs = McpClient(client.http, (await factory.connected("Bob")).token)
    assert await theirs.call("get_spending") == {"groups": [], "totals": []}
    assert "candidates" not in await theirs.refusal("get_spending", item="thing")


SHOWS = get_args(Show)


@pytest.mark.parametrize("show", SHOWS)
async def test_whatever_is_shown_is_of_one_household(client: McpClient, factory: Factory, show: str) -> None:
    for _ in range(2):
        await client.call("record_purchase", items=["secret gum 0,99"], store="Secret depot")
    await client.call("add_items", items=["secret gum"])
    await client.call("save_list", name="Secret list")
    theirs = McpClient(client.http, (await factory.connected("Bob")).token)
    ours, foreign = [await each.call("get_spending", show=show) for each in (client, theirs)]
    assert "ecret" not in str(foreign)
    assert all(not found for found in foreign.values())
    if show not in ("usual", "balances"):  # the gum is on a list, and Ada lives alone
        assert any(ours.values())
    refusals = {"store": "Secret depot", "list": "Secret list", "person": "Ada", "item": "secret gum"}
    for argument, name in refusals.items():
        if show == "basket" and argument != "list":
            continue
        refusal = await theirs.refusal("get_spending", show=show, **{argument: name})
        assert (refusal["code"], refusal["field"]) == ("not_found", argument)
        assert "ecret" not in str(refusal)


async def test_a_cursor_of_another_household_shows_nothing_of_it(client: McpClient, factory: Factory) -> None:
    for name in ("secret gum", "secret tea"):
        await client.call("record_purchase", items=[name])
    cursor = (await client.call("get_spending", show="purchases", limit=1))["next_cursor"]
    theirs = McpClient(client.http, (await factory.connected("Bob")).token)
    assert await theirs.call("get_spending", show="purchases", cursor=cursor) == {"purchases": []}


@pytest.mark.parametrize("cursor", ["", "nonsense", "WzFd", "WyIyMDI2LTAxLTAxIiwgIngiXQ", "x" * 201])
async def test_a_cursor_of_nobody_is_refused(client: McpClient, cursor: str) -> None:
    if cursor:
        assert (await client.refusal("get_spending", show="purchases", cursor=cursor))["code"] == "invalid"
    else:  # as hosts send what is left out
        assert await client.call("get_spending", show="purchases", cursor=cursor) == {"purchases": []}


@pytest.mark.parametrize(
    ("show", "argument", "value"),
    [
        ("totals", "between", ["me"]),
        ("totals", "cursor", "WzFd"),
        ("purchases", "chart", True),
        ("usual", "cursor", "WzFd"),
        ("basket", "item", "milk"),
        ("basket", "since", "2026-01-01"),
        ("balances", "chart", True),
    ],
)
async def test_what_would_have_no_effect_is_refused(client: McpClient, show: str, argument: str, value: object) -> None:
    error = await client.refusal("get_spending", show=show, **{argument: value})
    assert (error["code"], error["field"]) == ("invalid", argument)


async def test_a_list_is_cheapest_where_its_amounts_are(each_era: McpClient) -> None:
    await each_era.call("record_purchase", items=["500 g coffee 6,99", "milk 1,09"], store="Depot", date="2024-11-01")
    await each_era.call("record_purchase", items=["1 kg coffee 11,98", "2 bottles milk 2,00"], store="Market")
    await each_era.call("record_purchase", items=["1 kg coffee 99,00"], store="Market", date="2024-10-01")
    await each_era.call("add_items", items=["coffee 2 kg", "milk", "gold"])
    market, depot = (await each_era.call("get_spending", show="basket"))["stores"]
    assert market == {
        "store": "Market",
        "currency": "EUR",
        "total": 25.96,
        "covered": 2,
        "items": [
            {"name": "coffee", "quantity": "2 kg", "price": 23.96, "days": 0},
            {"name": "milk", "quantity": "2 bottles", "price": 2, "days": 0},
        ],
        "missing": ["gold"],
    }
    assert (depot["store"], depot["total"], depot["covered"], depot["missing"]) == ("Depot", 27.96, 1, ["milk", "gold"])
    assert depot["items"][0]["days"] > 0


async def test_who_left_the_household_is_still_owed_what_they_paid(
    client: McpClient, factory: Factory, ada: Connected
) -> None:
    bob, _ = await factory.person("Bob")
    await factory.join(bob, ada.household_id, "editor")
    await client.call("record_purchase", items=["gum 3,01"], paid_by="Bob")
    before = await client.call("get_spending", show="balances")
    assert [(each["person"], each["share"], each["balance"]) for each in sorted_by(before["balances"], "person")] in (
        [("Ada", 1.51, -1.51), ("Bob", 1.5, 1.51)],
        [("Ada", 1.5, -1.5), ("Bob", 1.51, 1.5)],
    )
    await client.call("update_member", person="Bob", role="remove")
    after = await client.call("get_spending", show="balances")
    assert after["transfers"] == [
        {"payer": "Ada", "payee": "someone who left", "amount": 3.01, "currency": "EUR"},
    ]


def sorted_by(rows: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: row[key])
