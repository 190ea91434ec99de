"""What is probably at home, and what people say about it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.db import Engine, transaction
from app.households import repository as households
from app.households.tenant import Actor, open_tenant
from app.lists.pantry.corrections import MOST_CORRECTIONS
from app.lists.pantry.read import PER_PAGE, probably_at_home
from app.quantities.merge_key import merge_key
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.purchases import PastPurchase, make_things, make_up_the_past

pytestmark = pytest.mark.anyio

NOW = datetime.now(UTC)
TODAY = NOW.date()


def days_ago(*days: int, what: str, store: str | None = None) -> list[PastPurchase]:
    return [PastPurchase(what, NOW - timedelta(days=each), store) for each in days]


@pytest.fixture
async def stocked(engine: Engine, ada: Connected, client: McpClient) -> None:
    """Flour every three weeks, milk every four days, and salt once."""
    await make_things(client, ["flour", "milk", "salt", "basmati rice", "bread crumbs"])
    past = [
        *days_ago(9, 30, 51, 72, 93, 114, what="2 kg flour"),
        *days_ago(8, 12, 16, 20, 24, 28, 32, what="1 l milk"),
        *days_ago(2, what="salt"),
        *days_ago(3, 40, 80, 120, what="1 kg basmati rice"),
        *days_ago(3, 40, 80, 120, what="bread crumbs"),
    ]
    await make_up_the_past(engine, ada.household_id, past)


async def holding(client: McpClient, name: str) -> dict[str, Any]:
    """What is known of the one thing of that name."""
    (found,) = (each for each in (await client.call("get_pantry", query=name))["items"] if each["name"] == name)
    return found


async def test_what_was_bought_is_at_home_as_long_as_it_usually_lasts(stocked: None, each_era: McpClient) -> None:
    flour = await holding(each_era, "flour")
    day = NOW - timedelta(days=9)
    written = f"{day.day} {day:%b}" if day.year == NOW.year else f"{day.day} {day:%b %Y}"
    assert flour["confidence"] > 0.8
    assert flour["evidence"] == f"bought 2 kg on {written}, usually lasts 3 weeks"
    assert flour["left"].startswith("about 1.")
    milk = await holding(each_era, "milk")
    assert milk["confidence"] < 0.2
    names = [each["name"] for each in (await each_era.call("get_pantry"))["items"]]
    assert names == ["basmati rice", "bread crumbs", "flour", "salt"]


async def test_what_is_said_wins_until_the_thing_is_bought_again(stocked: None, client: McpClient) -> None:
    said = await client.call(
        "update_pantry", items=[{"name": "milk", "amount": "500 ml"}, {"name": "flour", "have": False}]
    )
    assert said["counts"] == {"updated": 2}
    milk, flour = await holding(client, "milk"), await holding(client, "flour")
    assert (milk["confidence"], milk["left"]) == (1, "about 500 ml")
    assert (flour["confidence"], "left" in flour) == (0, False)
    assert "used up" in flour["evidence"]
    await client.call("add_items", items=["1 kg flour"])
    await client.call("check_items", items=["flour"])
    flour = await holding(client, "flour")
    assert flour["confidence"] == 1
    assert flour["evidence"].startswith("bought 1 kg on")


async def test_what_has_expired_is_not_at_home(stocked: None, client: McpClient) -> None:
    tomorrow, yesterday = TODAY + timedelta(days=1), TODAY - timedelta(days=1)
    await client.call("update_pantry", items=[{"name": "milk", "expires": tomorrow.isoformat()}])
    milk = await holding(client, "milk")
    assert (milk["confidence"], milk["expires"]) == (1, tomorrow.isoformat())
    await client.call("update_pantry", items=[{"name": "milk", "expires": yesterday.isoformat()}])
    milk = await holding(client, "milk")
    assert milk["confidence"] == 0
    assert "expired on" in milk["evidence"]


async def test_something_that_was_never_bought_can_be_there_too(client: McpClient) -> None:
    await client.call("update_pantry", items=[{"name": "3 jars of honey"}])
    (honey,) = (await client.call("get_pantry"))["items"]
    assert (honey["name"], honey["confidence"], honey["left"]) == ("honey", 1, "about 3 jars")


async def test_a_thing_is_meant_by_other_words_but_never_by_a_part_of_its_name(
    stocked: None, client: McpClient
) -> None:
    said = await client.call("update_pantry", items=[{"name": "the bread-crumbs"}, {"name": "rice", "have": False}])
    crumbs, rice = said["results"]
    assert (crumbs["name"], "similar" in crumbs) == ("bread crumbs", False)
    assert (rice["name"], rice["similar"]) == ("rice", ["basmati rice"])
    assert (await holding(client, "basmati rice"))["confidence"] > 0.8
    assert (await holding(client, "rice"))["confidence"] == 0


async def test_undo_takes_back_what_was_said_unless_something_else_was_said_since(
    stocked: None, each_era: McpClient
) -> None:
    before = await each_era.call("get_pantry", query="flour")
    one = await each_era.call("update_pantry", items=[{"name": "flour", "have": False}])
    two = await each_era.call("update_pantry", items=[{"name": "flour", "amount": "100 g"}])
    assert (await each_era.refusal("undo", undo_ref=one["undo_ref"]))["code"] == "conflict"
    assert (await each_era.call("undo", undo_ref=two["undo_ref"]))["results"] == [{"name": "flour", "status": "undone"}]
    assert (await holding(each_era, "flour"))["confidence"] == 0
    undone = await each_era.call("undo", undo_ref=one["undo_ref"])
    assert await each_era.call("get_pantry", query="flour") == before
    await each_era.call("undo", undo_ref=undone["undo_ref"])
    assert (await holding(each_era, "flour"))["confidence"] == 0


async def test_the_history_says_what_was_said(client: McpClient) -> None:
    await client.call("update_pantry", items=[{"name": "milk", "expires": "2031-05-04", "amount": "1 l"}])
    await client.call("update_pantry", items=[{"name": "milk", "have": False}])
    events = (await client.call("get_activity", kind="update_pantry"))["events"]
    told = [change for event in events for change in event["changes"]]
    assert told == [
        {"ref": "pantry", "name": "milk", "what": "said to be used up"},
        {"ref": "pantry", "name": "milk", "what": "said to be there, 1 l, expires 2031-05-04"},
    ]


async def test_a_second_call_with_the_same_key_says_it_once(client: McpClient) -> None:
    first = await client.call("update_pantry", items=[{"name": "milk"}], idempotency_key="once")
    assert await client.call("update_pantry", items=[{"name": "milk"}], idempotency_key="once") == first
    assert len((await client.call("get_activity"))["events"]) == 1


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"name": " "}, "items[0].name"),
        ({"name": "milk", "amount": "some"}, "items[0].amount"),
        ({"name": "milk", "amount": "0 l"}, "items[0].amount"),
        ({"name": "milk", "have": False, "amount": "1 l"}, "items[0].have"),
        ({"name": "milk", "have": False, "expires": "2031-05-04"}, "items[0].have"),
        ({"name": "milk", "expires": "Friday"}, "items[0].expires"),
        ({"have": True}, "items[0].name"),
    ],
)
async def test_an_entry_that_can_not_be_used_fails_alone(client: McpClient, item: dict[str, Any], field: str) -> None:
    assert (await client.refusal("update_pantry", items=[item]))["field"] == field
    answer = await client.call("update_pantry", items=[item, {"name": "tea"}])
    assert answer["counts"] == {"failed": 1, "updated": 1}
    assert answer["results"][0]["error"]["field"] == field


async def test_the_sentence_tells_what_was_noted_from_what_was_not(client: McpClient) -> None:
    items = [{"name": "tea"}, {"name": "milk", "amount": "some"}]
    result = await client.result("tools/call", {"name": "update_pantry", "arguments": {"items": items}})
    words = result["content"][1]["text"]
    assert words.startswith("Noted: tea (100%")
    assert words.endswith(" Not done: milk (items[1].amount must be an amount such as 500 g or 2 packs.).")


async def test_a_name_that_fits_several_things_is_asked_about(client: McpClient) -> None:
    await make_things(client, ["ketch-up", "ketch up"])
    refusal = await client.refusal("update_pantry", items=[{"name": "ketchup", "have": False}])
    assert (refusal["code"], sorted(refusal["candidates"])) == ("ambiguous", ["ketch up", "ketch-up"])


async def test_a_long_pantry_comes_in_pages(client: McpClient) -> None:
    names = [f"thing {number:03}" for number in range(PER_PAGE + 5)]
    await client.call("update_pantry", items=[{"name": each} for each in names])
    page = await client.call("get_pantry")
    rest = await client.call("get_pantry", cursor=page["next_cursor"])
    assert [each["name"] for each in [*page["items"], *rest["items"]]] == names
    assert "next_cursor" not in rest
    assert (await client.refusal("get_pantry", cursor="nonsense"))["field"] == "cursor"


@pytest.mark.own_database
async def test_only_the_latest_words_are_kept(client: McpClient) -> None:
    await client.call("update_pantry", items=[{"name": "the first"}])
    for start in range(0, MOST_CORRECTIONS, 100):
        await client.call("update_pantry", items=[{"name": f"n{start + each}x"} for each in range(100)])
    assert (await client.call("get_pantry", query="the first"))["items"] == []
    assert len((await client.call("get_pantry", query="n999x"))["items"]) == 1


async def test_another_household_knows_nothing_of_it(
    stocked: None, factory: Factory, engine: Engine, client: McpClient
) -> None:
    await client.call("update_pantry", items=[{"name": "secret"}])
    eve = await factory.connected("Eve")
    theirs = McpClient(client.http, eve.token)
    assert (await theirs.call("get_pantry"))["items"] == []
    assert (await theirs.call("get_pantry", query="secret"))["items"] == []


async def test_other_parts_learn_what_is_at_home_of_some_names(
    stocked: None, engine: Engine, ada: Connected, client: McpClient
) -> None:
    async with transaction(engine) as connection:
        memberships = tuple(await households.memberships_of(connection, ada.person.id))
    actor = Actor(ada.person.id, "tests", ada.grant_id, memberships, ada.household_id)
    async with open_tenant(engine, actor, None, write=False) as tenant:
        known = await probably_at_home(tenant, [merge_key("Flour"), merge_key("milk"), "unheard of"])
        assert await probably_at_home(tenant, []) == {}
    assert set(known) == {"flour", "milk"}
    assert known["flour"].confidence > 0.8 > known["milk"].confidence
    left = known["flour"].left
    assert left is not None
    assert (left.measure, 1_000 < left.amount < 1_500) == ("mass", True)
