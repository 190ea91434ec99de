"""What is told of 10,000 purchases is what a plain computation over the same purchases says."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import text

from app.db import Engine, transaction
from app.lists.models import Purchase
from app.lists.purchases.basket_repository import PRICES_LOOKED_AT
from app.quantities import Quantity, parse_phrase
from app.quantities.merge_key import merge_key
from app.text import fold
from tests.factory import Factory
from tests.lists.purchases.histories import make_history, name_of, store
from tests.mcp.client import McpClient

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

ZONE = ZoneInfo("Pacific/Auckland")
SEEDS = (1, 2)


@dataclass(frozen=True)
class Home:
    """A household of three with a history, and Ada's client."""

    client: McpClient
    history: Sequence[Purchase]
    names: dict[UUID, str]

    def newest_first(self, wanted: Callable[[Purchase], bool] = lambda each: True) -> list[Purchase]:
        return sorted(filter(wanted, self.history), key=lambda each: (each.bought_at, each.id), reverse=True)


@pytest.fixture(params=SEEDS)
async def home(request: pytest.FixtureRequest, factory: Factory, engine: Engine, http: httpx.AsyncClient) -> Home:
    ada, household_id = await factory.person("Ada")
    people = {ada.id: "Ada"}
    for name in ("Bob", "Cleo"):
        person, _ = await factory.person(name)
        await factory.join(person, household_id, "editor")
        people[person.id] = name
    async with transaction(engine) as connection:
        statement = text("UPDATE households SET time_zone = :zone WHERE id = :id")
        await connection.execute(statement, {"zone": ZONE.key, "id": household_id})
    history = make_history(Random(request.param), 10_000, 400, list(people))
    await store(engine, household_id, history)
    return Home(McpClient(http, (await factory.connect(ada, household_id)).token), history, people)


async def every_page(client: McpClient, **arguments: Any) -> list[dict[str, Any]]:
    answer = await client.call("get_spending", show="purchases", limit=200, **arguments)
    found = answer["purchases"]
    while "next_cursor" in answer:
        cursor = answer["next_cursor"]
        answer = await client.call("get_spending", show="purchases", limit=200, cursor=cursor, **arguments)
        found += answer["purchases"]
    return found


def as_shown(home: Home, purchases: Sequence[Purchase]) -> list[dict[str, Any]]:
    times: dict[str, int] = defaultdict(int)
    for each in home.history:
        times[each.name_key] += 1
    rows = [
        {
            "name": each.name,
            "at": each.bought_at.astimezone(ZONE).isoformat(timespec="minutes"),
            "quantity": None if each.quantity is None else str(each.quantity),
            "store": each.store,
            "price": None if each.price is None else float(each.price),
            "currency": None if each.price is None else each.currency,
            "by": home.names[each.bought_by],
            "paid_by": None if each.paid_by is None else home.names[each.paid_by],
            "times": times[each.name_key],
        }
        for each in purchases
    ]
    return [{key: value for key, value in row.items() if value is not None} for row in rows]


async def test_single_purchases_and_their_pages(home: Home) -> None:
    year = datetime(2026, 1, 1, tzinfo=ZONE)
    thing = name_of(0)
    asked: list[tuple[dict[str, Any], Callable[[Purchase], bool]]] = [
        ({"item": thing.lower()}, lambda each: each.name_key == merge_key(thing)),
        (
            {"store": "cafe œuvre", "since": "2026-01-01"},
            lambda each: (each.store or "")[:1] == "C" and each.store != "Corner shop" and each.bought_at >= year,
        ),
        (
            {"person": "Bob", "until": "2026-01-01"},
            lambda each: home.names[each.bought_by] == "Bob" and each.bought_at < year,
        ),
    ]
    for arguments, wanted in asked:
        expected = as_shown(home, home.newest_first(wanted))
        assert len(expected) > 200
        assert await every_page(home.client, **arguments) == expected
    (last,) = (await home.client.call("get_spending", show="purchases", item=thing, limit=1))["purchases"]
    assert [last] == as_shown(home, home.newest_first(lambda each: each.name_key == merge_key(thing))[:1])


async def test_months_are_those_of_the_household(home: Home) -> None:
    totals: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    categories: dict[tuple[str | None, str], Decimal] = defaultdict(Decimal)
    for each in home.history:
        if each.price is not None:
            totals[f"{each.bought_at.astimezone(ZONE):%Y-%m}", each.currency] += each.price
            categories[None if each.category is None else each.category.lower(), each.currency] += each.price
    months = (await home.client.call("get_spending", group_by="month"))["groups"]
    assert [(each["group"], each["currency"]) for each in months] == sorted(totals)
    assert {(each["group"], each["currency"]): each["total"] for each in months} == {
        key: float(total) for key, total in totals.items()
    }
    groups = (await home.client.call("get_spending", group_by="category"))["groups"]
    found = {((each.get("group") or "").lower() or None, each["currency"]): each["total"] for each in groups}
    assert found == {key: float(total) for key, total in categories.items()}


async def test_what_is_usual_is_on_no_list(home: Home) -> None:
    since = datetime(2026, 9, 1, tzinfo=ZONE)
    on_list = [name_of(number) for number in (0, 1, 2)]
    await home.client.call("add_items", items=[{"name": name} for name in on_list])
    await home.client.call("check_items", items=[on_list[2]])
    checked = {merge_key(on_list[2])}
    by_name: dict[str, list[Purchase]] = defaultdict(list)
    for each in home.newest_first(lambda each: each.bought_at >= since):
        by_name[each.name_key].append(each)
    expected = [
        (found[0].name, len(found), found[0].bought_at, found[-1].bought_at, key)
        for key, found in by_name.items()
        if len(found) > 1 and key not in {merge_key(name) for name in on_list}
    ]
    expected.sort(key=lambda each: (-each[1], -each[2].timestamp(), each[4]))
    answer = await home.client.call("get_spending", show="usual", since="2026-09-01", limit=200)
    shown = [each for each in answer["usual"] if merge_key(each["name"]) not in checked]
    assert len(shown) > 50
    assert (
        shown
        == [
            {
                "name": name,
                "times": times,
                "last": last.astimezone(ZONE).date().isoformat(),
                "every_days": max(1, round((last - first) / timedelta(days=1) / (times - 1))),
            }
            for name, times, last, first, _ in expected
        ][: len(shown)]
    )


def plain_basket(home: Home, wanted: list[tuple[str, Quantity | None]]) -> dict[tuple[str, str], dict[str, Decimal]]:
    """The price of each wanted thing by store and currency, looked up for each by itself."""
    baskets: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(dict)
    priced = home.newest_first(lambda each: each.price is not None and each.store is not None)
    for name, quantity in wanted:
        known = [each for each in priced if each.name_key == merge_key(name)][:PRICES_LOOKED_AT]
        if not known:
            continue
        how_much = quantity or known[0].quantity
        for place in {(each.store or "", each.currency) for each in known}:
            for each in known:
                measure = None if each.quantity is None else each.quantity.measure
                if (each.store, each.currency) == place and measure == (how_much and how_much.measure):
                    price = each.price or Decimal()
                    if how_much is not None and each.quantity is not None:
                        price = price * how_much.amount / each.quantity.amount
                    baskets[place][name] = price.quantize(Decimal("0.01"), ROUND_HALF_UP)
                    break
    return baskets


async def test_the_cheapest_store_for_a_basket(home: Home) -> None:
    amounts = ("", "750 g ", "2 ", "3 l ", "1 bottle ")
    lines = [f"{amounts[number % len(amounts)]}{name_of(number * 3)}" for number in range(60)]
    lines.append("never bought")
    added = await home.client.call("add_items", items=lines)
    assert added["counts"] == {"added": len(lines)}
    wanted = [(parse_phrase(line).name, parse_phrase(line).quantity) for line in lines]
    expected = plain_basket(home, wanted)
    answer = await home.client.call("get_spending", show="basket")
    stores = answer["stores"]
    assert {(each["store"], each["currency"]): each["total"] for each in stores} == {
        place: float(sum(prices.values())) for place, prices in expected.items()
    }
    for each in stores:
        prices = expected[each["store"], each["currency"]]
        assert {item["name"]: item["price"] for item in each["items"]} == {
            name: float(price) for name, price in prices.items()
        }
        assert each["covered"] == len(prices)
        assert sorted(each["missing"]) == sorted({name for name, _ in wanted} - prices.keys())
        assert all(item["days"] >= 0 for item in each["items"])
    order = [(-each["covered"], each["currency"], each["total"]) for each in stores]
    assert order == sorted(order)


async def test_who_owes_whom(home: Home) -> None:
    paid: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for each in home.history:
        if each.price is not None:
            paid[home.names[each.paid_by or each.bought_by], each.currency] += each.price
    settled: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    random = Random(4)
    for _ in range(30):
        payer, payee = random.sample(sorted(home.names.values()), 2)
        amount = Decimal(random.randrange(1, 50_000)) / 100
        await home.client.call("record_purchase", items=[f"{amount:.2f}"], paid_by=payer, paid_to=payee)
        settled[payer, "EUR"] += amount
        settled[payee, "EUR"] -= amount
    answer = await home.client.call("get_spending", show="balances")
    assert {(each["person"], each["currency"]): each.get("settled", 0) for each in answer["balances"]} == {
        key: float(settled[key]) for key in paid
    }
    for each in answer["balances"]:
        told = [Decimal(str(each.get(part, 0))) for part in ("paid", "share", "settled", "balance")]
        assert told[3] == told[0] - told[1] + told[2]
    assert {(each["person"], each["currency"]): each["paid"] for each in answer["balances"]} == {
        key: float(total) for key, total in paid.items()
    }
    for currency in ("EUR", "CHF"):
        total = sum((amount for (_, of), amount in paid.items() if of == currency), Decimal())
        mine = [each for each in answer["balances"] if each["currency"] == currency]
        shares = [Decimal(str(each["share"])) for each in mine]
        assert sum(shares) == total
        assert max(shares) - min(shares) <= Decimal("0.01")
        left = {each["person"]: Decimal(str(each["balance"])) for each in mine}
        transfers = [each for each in answer["transfers"] if each["currency"] == currency]
        assert len(transfers) <= len(mine) - 1
        for each in transfers:
            assert each["amount"] > 0
            left[each["payer"]] += Decimal(str(each["amount"]))
            left[each["payee"]] -= Decimal(str(each["amount"]))
        assert set(left.values()) == {Decimal()}
    for each in answer["transfers"]:
        if each["currency"] == "EUR":
            await home.client.call(
                "record_purchase", items=[f"{each['amount']:.2f}"], paid_by=each["payer"], paid_to=each["payee"]
            )
    after = await home.client.call("get_spending", show="balances")
    assert {each["currency"] for each in after["transfers"]} == {"CHF"}, "what was owed is settled"


async def test_only_those_named_share(home: Home) -> None:
    answer = await home.client.call("get_spending", show="balances", between=["me", "Bob"], since="2026-01-01")
    shares = {(each["person"], each["currency"]): each["share"] for each in answer["balances"]}
    assert shares["Cleo", "EUR"] == shares["Cleo", "CHF"] == 0
    assert shares["Ada", "EUR"] > 0
    assert {each["payee"] for each in answer["transfers"]} >= {"Cleo"}
    refusal = await home.client.refusal("get_spending", show="balances", between=["Bob", "Eve"])
    assert (refusal["code"], refusal["field"]) == ("not_found", "between[1]")


async def test_a_long_page_ends_early_and_the_next_one_goes_on(
    factory: Factory, engine: Engine, http: httpx.AsyncClient
) -> None:
    ada = await factory.connected("Ada")
    history = make_history(Random(3), 400, 10, [ada.person.id])
    long = [replace(each, name=f"{number:03} " + "Œ" * 196) for number, each in enumerate(history)]
    await store(engine, ada.household_id, long)
    client = McpClient(http, ada.token)
    result = await client.result(
        "tools/call", {"name": "get_spending", "arguments": {"show": "purchases", "limit": 200}}
    )
    assert len(result["structuredContent"]["purchases"]) < 200
    found = await every_page(client)
    expected = sorted(long, key=lambda each: (each.bought_at, each.id), reverse=True)
    assert [each["name"] for each in found] == [each.name for each in expected]


def test_the_names_of_a_history_differ() -> None:
    assert len({fold(name_of(number)) for number in range(10_000)}) == 10_000
    assert len({merge_key(name_of(number)) for number in range(10_000)}) == 10_000
