"""Suggestions beside straightforward computations in plain Python, on made-up histories of 10,000 purchases."""

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from math import erfc, log, sqrt
from statistics import fmean, median, pstdev
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from app.db import Engine
from tests.factory import Connected
from tests.lists.pantry.household import make_up_household
from tests.mcp.client import McpClient
from tests.purchases import PastPurchase, make_things, make_up_the_past

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

PURCHASES = 10_000
THINGS = 400
ZONE = "America/New_York"
MOST = 50


@pytest.fixture(scope="module", params=[1, 2])
def past(request: pytest.FixtureRequest) -> list[PastPurchase]:
    """What a household bought until the day before its today, at any hour of the day."""
    chance = random.Random(request.param)
    made_up = make_up_household(request.param, date(2024, 1, 1), PURCHASES, THINGS)
    to_today = today() - (made_up.first_day + timedelta(days=made_up.days - 1))
    purchases: list[PastPurchase] = []
    for each in made_up.purchases[-PURCHASES:]:
        at = datetime.combine(each.day + to_today, time(chance.randrange(24), chance.randrange(60)), ZoneInfo(ZONE))
        store = chance.choice([None, "Market", "Depot"])
        purchases.append(PastPurchase(f"{each.packs} packs {each.thing}", at - timedelta(days=1), store))
    return purchases


@pytest.fixture
async def household(engine: Engine, ada: Connected, http: httpx.AsyncClient, past: list[PastPurchase]) -> McpClient:
    client = McpClient(http, ada.token)
    await client.call("save_household", time_zone=ZONE)
    await make_things(client, sorted({each.what.split(" ", 2)[2] for each in past}))
    await make_up_the_past(engine, ada.household_id, past)
    return client


def days_of(past: Sequence[PastPurchase], *, most: int | None = None) -> Mapping[str, list[date]]:
    """On which days of the household each thing was bought, in the last 400 days, the last one first."""
    zone, now = ZoneInfo(ZONE), datetime.now(UTC)
    days: dict[str, set[date]] = defaultdict(set)
    for each in past:
        if each.at > now - timedelta(days=400):
            days[each.what.split(" ", 2)[2]].add(each.at.astimezone(zone).date())
    return {name: sorted(found, reverse=True)[:most] for name, found in days.items()}


def today() -> date:
    return datetime.now(ZoneInfo(ZONE)).date()


def intervals_of(days: Sequence[date]) -> list[int]:
    return [(later - earlier).days for later, earlier in pairwise(days[:13])]


def last(days: Sequence[date]) -> int:
    return (today() - days[0]).days


async def suggested(client: McpClient, kind: str) -> list[dict[str, Any]]:
    return (await client.call("get_suggestions", kind=kind, limit=MOST))["suggestions"]


async def test_what_is_due_is_what_a_reference_computation_says(household: McpClient, past: list[PastPurchase]) -> None:
    expected: list[tuple[float, str, int, str]] = []
    for name, days in days_of(past).items():
        intervals = intervals_of(days)
        if len(intervals) < 2 or not median(intervals) <= last(days) <= 3 * max(intervals):
            continue
        every = max(round(median(intervals)), 1)
        rhythm = "every day" if every == 1 else f"every {every} days"
        ago = {0: "today", 1: "yesterday"}.get(last(days), f"{last(days)} days ago")
        regularity = 1 / (1 + pstdev(intervals) / fmean(intervals))
        expected.append((-regularity, name, every, f"bought {len(days)} times, {rhythm}, last {ago}"))
    found = await suggested(household, "due")
    assert len(expected) > MOST
    assert [(each["name"], each["every_days"], each["reason"]) for each in found] == [
        each[1:] for each in sorted(expected)[:MOST]
    ]


async def test_what_is_frequent_and_recent_is_what_a_reference_computation_says(
    household: McpClient, past: list[PastPurchase]
) -> None:
    days = days_of(past)
    often = sorted((-len(found), name) for name, found in days.items() if len(found) >= 3)
    assert [each["name"] for each in await suggested(household, "frequent")] == [name for _, name in often[:MOST]]
    latest = {each.what.split(" ", 2)[2]: each for each in sorted(past, key=lambda each: each.at)}
    recent = sorted(latest.items(), key=lambda each: each[1].at, reverse=True)
    found = await suggested(household, "recent")
    assert [each["last_bought"] for each in found] == [
        each.at.astimezone(ZoneInfo(ZONE)).date().isoformat() for _, each in recent[:MOST]
    ]
    for each in found:
        bought = Counter[str]()
        per_day: dict[date, int] = defaultdict(int)
        for one in past:
            packs, _, name = one.what.split(" ", 2)
            if name == each["name"]:
                per_day[one.at.astimezone(ZoneInfo(ZONE)).date()] += int(packs)
        for day in sorted(per_day, reverse=True)[:13]:
            bought[str(per_day[day])] += 1
        assert bought[str(each["quantity"])] == max(bought.values()), each


async def test_what_goes_with_the_list_is_what_a_reference_computation_says(
    household: McpClient, past: list[PastPurchase]
) -> None:
    days = {name: set(found) for name, found in days_of(past).items()}
    all_days = len(set[date]().union(*days.values()))
    on_list = sorted(days)[:7]
    await household.call("add_items", items=on_list)
    gains: dict[str, tuple[float, int, int]] = {}
    for seed in on_list:
        for name in days.keys() - set(on_list):
            together = len(days[seed] & days[name])
            if together < 3 or together / len(days[seed]) < 1.2 * len(days[name]) / all_days:
                continue
            gain = together / (len(days[seed]) + 2) - len(days[name]) / all_days
            if gain > gains.get(name, (0, 0, 0))[0]:
                gains[name] = (gain, together, len(days[seed]))
    found = await suggested(household, "goes_with")
    assert len(found) > 5
    expected = sorted(gains.values(), reverse=True)[: len(found)]
    for each, (gain, _, _) in zip(found, expected, strict=True):
        best, together, of_seed = gains[each["name"]]
        assert best == pytest.approx(gain), "the best ones come first"
        assert each["reason"].endswith(f"on {together} of {of_seed} days")
    assert not {each["name"] for each in found} & set(on_list)


def chance_that_it_is_there(days: Sequence[tuple[date, int]], usual: int, age: float) -> float:
    """The pantry's estimate, as decision 35 describes it, from the latest 13 days with what was bought on each.

    The logarithms of the intervals, each for the usual amount, are taken as normal, with a prior of 14 days.
    """

    def relative(packs: int) -> float:
        return log(min(max(packs / usual, 1 / 4), 4))

    gaps = [
        log((later[0] - earlier[0]).days) - relative(earlier[1])
        for later, earlier in pairwise(days)  # the last one first
    ]
    middle = median(gaps)
    gaps = [min(max(each, middle - log(4)), middle + log(4)) for each in gaps]
    number, mean = len(gaps), fmean(gaps)
    weight = 0.2 + number
    located = (0.2 * log(14) + number * mean) / weight
    squares = number * pstdev(gaps) ** 2 + 0.2 * number / weight * (mean - log(14)) ** 2
    variance = (4 * 0.25 + squares) / (4 + number) * (1 + 1 / weight)
    return erfc((log(age) - located - relative(days[0][1])) / sqrt(2 * variance)) / 2


async def test_what_runs_low_is_what_a_reference_computation_says(
    household: McpClient, engine: Engine, ada: Connected, past: list[PastPurchase]
) -> None:
    """After nine days in which nothing was bought, so that much is used up."""
    past = [each._replace(at=each.at - timedelta(days=9)) for each in past]
    await make_up_the_past(engine, ada.household_id, past)
    now, zone = datetime.now(UTC), ZoneInfo(ZONE)
    rounding = 0.01  # of a confidence, which has two digits; what is nearer than that may stand either way
    packs: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    last_at: dict[str, datetime] = {}
    for each in past:
        if each.at > now - timedelta(days=400):
            number, _, name = each.what.split(" ", 2)
            packs[name][each.at.astimezone(zone).date()] += int(number)
            last_at[name] = max(each.at, last_at.get(name, each.at))
    scores: dict[str, float] = {}
    evidence: dict[str, str] = {}
    certain: set[str] = set()
    for name, of_days in packs.items():
        days = sorted(of_days.items(), reverse=True)[:13]
        intervals = intervals_of([day for day, _ in days])
        if len(intervals) < 2 or (today() - days[0][0]).days > 3 * max(intervals):
            continue
        counted = Counter(amount for _, amount in days)
        usual = max(counted, key=lambda amount: counted[amount])  # of several, the one that was bought last
        there = chance_that_it_is_there(days, usual, (now - last_at[name]) / timedelta(days=1))
        if there < 0.3 + rounding:
            scores[name] = (1 - there) / (1 + pstdev(intervals) / fmean(intervals))
            day, number = days[0]
            bought = f"{number} pack{'' if number == 1 else 's'}"
            year = "" if day.year == today().year else f" {day.year}"
            evidence[name] = f"probably used up: bought {bought} on {day.day} {day:%b}{year}, usually lasts "
        if there < 0.3 - rounding:
            certain.add(name)
    found = await suggested(household, "low_stock")
    names = [each["name"] for each in found]
    assert len(names) == len(set(names)) == MOST
    for each in found:
        assert each["name"] in scores, each
        assert each["reason"].startswith(evidence[each["name"]])
    for better, worse in pairwise(names):
        assert scores[better] >= scores[worse] - rounding, "what is missing most surely comes first"
    lowest = min(scores[name] for name in names)
    left_out = certain - set(names)
    assert left_out
    assert all(scores[name] <= lowest + rounding for name in left_out)
