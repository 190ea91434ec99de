"""The meal plan over MCP: planned, shown, put on lists, cleared, and undone."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from app.db import Engine, transaction
from app.households.models import Role
from app.recipes.models import PLANNED_MEALS, PLANNED_PER_CALL
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.purchases import PastPurchase, make_things, make_up_the_past

pytestmark = pytest.mark.anyio

MONDAY, TUESDAY, WEDNESDAY = "2026-12-07", "2026-12-08", "2026-12-09"


async def cook(client: McpClient) -> None:
    """Save three recipes."""
    await client.call("save_recipe", name="Pancakes", servings=4, items=["200 g flour", "3 eggs", "1/2 l milk"])
    await client.call("save_recipe", name="Soup", servings=2, items=["1 leek", "500 g potatoes", "100 g flour"])
    await client.call("save_recipe", name="Breakfast", kind="staples", items=["bread", "butter"])


async def plan(client: McpClient, *entries: dict[str, Any], **arguments: Any) -> dict[str, Any]:
    return await client.call("save_plan", **({"entries": [*entries]} if entries else {}), **arguments)


async def planned(client: McpClient, first: str = MONDAY, last: str = "2026-12-13") -> list[dict[str, Any]]:
    return (await client.call("get_recipes", plan_from=first, plan_to=last))["plan"]


async def to_buy(client: McpClient) -> dict[str, tuple[str, str | None]]:
    """What is to be bought, by name: its amount, and its recipe."""
    found = (await client.call("list_items", detail="full"))["items"]
    amount = {each["name"]: " ".join(str(each[key]) for key in ("quantity", "unit") if key in each) for each in found}
    return {each["name"]: (amount[each["name"]], each.get("recipe")) for each in found}


async def test_recipes_and_words_are_planned_and_shown_day_by_day(each_era: McpClient) -> None:
    await cook(each_era)
    saved = await plan(
        each_era,
        {"date": TUESDAY, "recipe": "soup", "meal": "dinner", "servings": 3},
        {"date": MONDAY, "recipe": "R1", "meal": "dinner"},
        {"date": TUESDAY, "text": "eating out", "meal": "lunch"},
    )
    assert (saved["counts"], saved["undo_ref"]) == ({"planned": 3}, "e4")
    assert saved["results"][0] == {
        "name": "Soup",
        "status": "planned",
        "ref": "R2",
        "changes": {"date": TUESDAY, "meal": "dinner", "servings": "3"},
    }
    assert await planned(each_era) == [
        {"date": MONDAY, "meal": "dinner", "name": "Pancakes", "recipe": "R1"},
        {"date": TUESDAY, "meal": "dinner", "name": "Soup", "recipe": "R2", "servings": 3},
        {"date": TUESDAY, "meal": "lunch", "name": "eating out"},
    ]
    only = await each_era.call("get_recipes", plan_from=TUESDAY)
    assert ([each["name"] for each in only["plan"]], "recipes" in only) == (["Soup", "eating out"], False)
    assert await planned(each_era, WEDNESDAY) == []


async def test_today_is_the_day_in_the_time_zone_of_the_household(
    engine: Engine, ada: Connected, factory: Factory, http: httpx.AsyncClient
) -> None:
    days: list[date] = []
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):  # 25 hours apart: never the same day
        async with transaction(engine) as connection:
            await connection.execute(
                text("UPDATE households SET time_zone = :zone WHERE id = :id"), {"zone": zone, "id": ada.household_id}
            )
        client = McpClient(http, (await factory.connect(ada.person, ada.household_id)).token)
        days.append(date.fromisoformat((await client.call("get_recipes", plan_from=MONDAY))["today"]))
    assert days[0] > days[1]


async def test_the_days_of_the_plan_go_on_the_list_with_what_each_item_is_for(client: McpClient) -> None:
    await cook(client)
    await client.call("add_items", items=["1 kg potatoes"])
    await plan(
        client,
        {"date": MONDAY, "recipe": "Pancakes", "servings": 6},
        {"date": TUESDAY, "recipe": "Soup"},
        {"date": TUESDAY, "text": "eating out"},
        {"date": WEDNESDAY, "recipe": "Breakfast"},
    )
    applied = await client.call("apply_recipe", plan_from=MONDAY, plan_to=TUESDAY)
    assert applied["counts"] == {"not_listed": 1, "added": 4, "merged": 2}
    words = next(each for each in applied["results"] if each["status"] == "not_listed")
    assert words == {
        "name": "eating out",
        "status": "not_listed",
        "why": f"Planned for {TUESDAY} in words, without a recipe.",
    }
    recipes = [(each["name"], each["changes"]["recipe"]) for each in applied["results"] if "ref" in each]
    assert recipes == [
        *(("flour", "Pancakes"), ("eggs", "Pancakes"), ("milk", "Pancakes")),
        *(("leek", "Soup"), ("potatoes", "Soup"), ("flour", "Soup")),
    ]
    assert await to_buy(client) == {
        "potatoes": ("1.5 kg", "Soup"),
        "flour": ("400 g", "Soup"),
        "eggs": ("5", "Pancakes"),
        "milk": ("750 ml", "Pancakes"),
        "leek": ("1", "Soup"),
    }
    await client.call("undo", undo_ref=applied["undo_ref"])
    assert await to_buy(client) == {"potatoes": ("1 kg", None)}


async def test_the_plan_goes_on_a_list_for_as_many_as_the_call_says_and_without_what_it_leaves_out(
    client: McpClient,
) -> None:
    await cook(client)
    await plan(client, {"date": MONDAY, "recipe": "Pancakes", "servings": 2}, {"date": MONDAY, "recipe": "Soup"})
    await client.call("save_list", name="Party")
    await client.call("apply_recipe", plan_from=MONDAY, servings=8, exclude=["flour", "egg"], list="Party")
    found = (await client.call("list_items", list="Party"))["items"]
    assert {each["name"]: (each["quantity"], each.get("unit")) for each in found} == {
        "milk": (1, "l"),
        "leek": (4, None),
        "potatoes": (2, "kg"),
    }
    refusal = await client.refusal("apply_recipe", plan_from=MONDAY, exclude=["caviar"])
    assert (refusal["code"], refusal["field"]) == ("not_found", "exclude[0]")


@pytest.fixture
async def stocked(engine: Engine, ada: Connected, client: McpClient) -> None:
    """Flour and leek of every three weeks, bought nine days ago; milk of every four days, bought eight days ago."""
    now = datetime.now(UTC)
    await make_things(client, ["flour", "milk", "leek"])
    weeks = [now - timedelta(days=days) for days in (9, 30, 51, 72, 93, 114)]
    past = [PastPurchase(what, at) for at in weeks for what in ("2 kg flour", "1 leek")]
    past += [PastPurchase("1 l milk", now - timedelta(days=days)) for days in (8, 12, 16, 20, 24, 28, 32)]
    await make_up_the_past(engine, ada.household_id, past)


async def test_what_is_probably_at_home_stays_off_the_list_and_is_told_with_the_evidence(
    stocked: None, client: McpClient
) -> None:
    await cook(client)
    await plan(client, {"date": MONDAY, "recipe": "Pancakes"}, {"date": MONDAY, "recipe": "Soup"})
    applied = await client.call("apply_recipe", plan_from=MONDAY)
    assert applied["counts"] == {"at_home": 2, "restored": 2, "added": 2}
    told = [each for each in applied["results"] if each["status"] == "at_home"]
    assert [(each["name"], each["quantity"]) for each in told] == [("flour", "200 g"), ("flour", "100 g")]
    assert re.fullmatch(
        r"Probably at home \(\d+%\): bought 2 kg on [^,]+, usually lasts 3 weeks, about 1\.\d+ kg left\.",
        told[0]["why"],
    )
    assert {*await to_buy(client)} == {"eggs", "milk", "leek", "potatoes"}, "a part of a leek is not enough"
    await client.call("undo", undo_ref=applied["undo_ref"])
    every = await client.call("apply_recipe", plan_from=MONDAY, include_pantry=True)
    assert every["counts"] == {"restored": 3, "merged": 1, "added": 2}


async def test_what_is_at_home_but_not_enough_for_all_meals_is_bought(stocked: None, client: McpClient) -> None:
    await client.call("update_pantry", items=[{"name": "flour", "amount": "250 g"}, {"name": "milk", "have": True}])
    await cook(client)
    await plan(client, {"date": MONDAY, "recipe": "Pancakes"})
    assert (await client.call("apply_recipe", plan_from=MONDAY))["counts"] == {"at_home": 2, "added": 1}
    await plan(client, {"date": MONDAY, "recipe": "Soup"})
    applied = await client.call("apply_recipe", plan_from=MONDAY)
    assert [each["name"] for each in applied["results"] if each["status"] == "at_home"] == ["milk"]
    assert (await to_buy(client))["flour"] == ("300 g", "Soup")


async def test_what_is_planned_already_is_not_planned_twice(client: McpClient) -> None:
    await cook(client)
    entry = {"date": MONDAY, "recipe": "Pancakes", "meal": "Dinner"}
    first = await plan(client, entry, {**entry, "meal": "dinner"})
    assert first["counts"] == {"planned": 1, "unchanged": 1}
    again = await plan(client, entry, {"date": MONDAY, "text": "Cake"}, {"date": MONDAY, "text": "CAKE"})
    assert again["counts"] == {"unchanged": 2, "planned": 1}
    more = await plan(client, {**entry, "servings": 8})
    assert (more["counts"], more["results"][0]["changes"]["servings"]) == ({"updated": 1}, "– → 8")
    assert [(each["name"], each.get("servings")) for each in await planned(client)] == [("Pancakes", 8), ("Cake", None)]
    unchanged = await plan(client, {**entry, "servings": 8})
    assert "undo_ref" not in unchanged


async def test_days_are_cleared_and_planned_anew(client: McpClient) -> None:
    await cook(client)
    await plan(
        client,
        {"date": MONDAY, "recipe": "Pancakes", "meal": "dinner"},
        {"date": MONDAY, "text": "toast", "meal": "lunch"},
        {"date": TUESDAY, "recipe": "Soup", "meal": "dinner"},
        {"date": WEDNESDAY, "recipe": "Soup", "meal": "dinner"},
    )
    before = await planned(client)
    cleared = await plan(
        client,
        {"date": MONDAY, "recipe": "Pancakes", "meal": "dinner"},
        {"date": TUESDAY, "recipe": "Pancakes", "meal": "dinner"},
        clear_from=MONDAY,
        clear_to=TUESDAY,
        clear_meal="DINNER",
    )
    assert cleared["counts"] == {"unchanged": 1, "planned": 1, "removed": 1}
    assert [(each["date"], each["name"]) for each in await planned(client)] == [
        (MONDAY, "Pancakes"),
        (MONDAY, "toast"),
        (TUESDAY, "Pancakes"),
        (WEDNESDAY, "Soup"),
    ]
    assert (await plan(client, clear_from=WEDNESDAY))["counts"] == {"removed": 1}
    assert (await plan(client, clear_from=WEDNESDAY))["counts"] == {}
    await client.call("undo", undo_ref=cleared["undo_ref"])
    assert await planned(client, MONDAY, TUESDAY) == [each for each in before if each["date"] != WEDNESDAY]


async def test_an_undo_of_a_plan_leaves_what_was_changed_since(client: McpClient) -> None:
    await cook(client)
    first = await plan(client, {"date": MONDAY, "recipe": "Pancakes"}, {"date": MONDAY, "recipe": "Soup"})
    more = await plan(client, {"date": MONDAY, "recipe": "Pancakes", "servings": 6})
    undone = await client.call("undo", undo_ref=first["undo_ref"])
    assert undone["counts"] == {"failed": 1, "undone": 1}
    assert [each["name"] for each in await planned(client)] == ["Pancakes"]
    await client.call("undo", undo_ref=undone["undo_ref"])
    await client.call("undo", undo_ref=more["undo_ref"])
    assert [(each["name"], each.get("servings")) for each in await planned(client)] == [
        ("Pancakes", None),
        ("Soup", None),
    ]
    gone = await client.call("undo", undo_ref=first["undo_ref"])
    assert await planned(client) == []
    await client.call("undo", undo_ref=gone["undo_ref"])
    assert len(await planned(client)) == 2


async def test_an_undo_plans_nothing_twice(client: McpClient) -> None:
    await cook(client)
    await plan(client, {"date": MONDAY, "recipe": "Soup", "meal": "dinner"}, {"date": MONDAY, "text": "Toast"})
    cleared = await plan(client, clear_from=MONDAY)
    again = await plan(client, {"date": MONDAY, "recipe": "Soup", "meal": "Dinner"})
    undone = await client.call("undo", undo_ref=cleared["undo_ref"])
    assert undone["counts"] == {"failed": 1, "undone": 1}
    refused = next(each for each in undone["results"] if each["status"] == "failed")
    assert refused["error"]["code"] == "conflict"
    assert refused["error"]["message"] == f"Soup is on the plan for {MONDAY} again already."
    assert sorted(each["name"] for each in await planned(client)) == ["Soup", "Toast"]
    both = await client.call("undo", undo_refs=[again["undo_ref"], undone["undo_ref"]])
    assert both["counts"] == {"undone": 2}
    assert await planned(client) == []
    await client.call("undo", undo_ref=cleared["undo_ref"])
    assert sorted(each["name"] for each in await planned(client)) == ["Soup", "Toast"]


async def test_the_history_says_what_was_planned(client: McpClient) -> None:
    await cook(client)
    await plan(client, {"date": MONDAY, "recipe": "Soup", "meal": "dinner"}, {"date": TUESDAY, "text": "toast"})
    await plan(client, {"date": MONDAY, "recipe": "Soup", "meal": "dinner", "servings": 4}, clear_from=TUESDAY)
    events = (await client.call("get_activity", kind="save_plan"))["events"]
    assert [each["changes"] for each in events] == [
        [
            {"ref": MONDAY, "name": "Soup", "what": "servings – → 4 (dinner)"},
            {"ref": TUESDAY, "name": "toast", "what": "taken off the plan"},
        ],
        [
            {"ref": MONDAY, "name": "Soup", "what": "planned (dinner)"},
            {"ref": TUESDAY, "name": "toast", "what": "planned"},
        ],
    ]


@pytest.mark.parametrize(
    ("entry", "field", "code"),
    [
        ({"recipe": "Cake"}, "entries[1].recipe", "not_found"),
        ({"recipe": "p"}, "entries[1].recipe", "not_found"),
        ({}, "entries[1].recipe", "invalid"),
        ({"recipe": "R1", "text": "toast"}, "entries[1].recipe", "invalid"),
        ({"text": "x" * 201}, "entries[1].text", "invalid"),
        ({"text": "a\0b"}, "entries[1].text", "invalid"),
        ({"text": "toast", "meal": "x" * 51}, "entries[1].meal", "invalid"),
        ({"text": "toast", "servings": 0}, "entries[1].servings", "invalid"),
        ({"recipe": "R1", "servings": 1_001}, "entries[1].servings", "invalid"),
        ({"recipe": "Breakfast", "servings": 2}, "entries[1].servings", "invalid"),
        ({"recipe": "R2"}, "entries[1].recipe", "conflict"),
    ],
)
async def test_an_entry_that_can_not_be_used_fails_alone(
    client: McpClient, entry: dict[str, Any], field: str, code: str
) -> None:
    await cook(client)
    await client.call("save_recipe", recipe="R2", archived=True)
    saved = await plan(client, {"date": MONDAY, "recipe": "Pancakes"}, {"date": MONDAY, **entry})
    assert saved["counts"] == {"planned": 1, "failed": 1}
    error = saved["results"][1]["error"]
    assert (error["field"], error["code"]) == (field, code)


@pytest.mark.parametrize(
    ("tool", "arguments", "field"),
    [
        ("save_plan", {}, "entries"),
        ("save_plan", {"clear_to": MONDAY}, "clear_from"),
        ("save_plan", {"clear_meal": "dinner"}, "clear_from"),
        ("save_plan", {"clear_from": TUESDAY, "clear_to": MONDAY}, "clear_to"),
        ("save_plan", {"entries": [{"date": "Monday", "text": "toast"}]}, "entries[0].date"),
        ("save_plan", {"entries": [{"date": 20_000, "text": "toast"}]}, "entries[0].date"),
        ("save_plan", {"entries": [{"date": "2026-02-30", "text": "toast"}]}, "entries[0].date"),
        ("save_plan", {"entries": [{"text": "toast"}]}, "entries[0].date"),
        ("save_plan", {"entries": [{"date": MONDAY, "text": "x"}] * (PLANNED_PER_CALL + 1)}, "entries"),
        ("apply_recipe", {}, "recipe"),
        ("apply_recipe", {"recipe": "Soup", "plan_from": MONDAY}, "recipe"),
        ("apply_recipe", {"plan_to": MONDAY}, "plan_from"),
        ("apply_recipe", {"plan_from": TUESDAY, "plan_to": MONDAY}, "plan_to"),
        ("apply_recipe", {"plan_from": MONDAY}, "plan_from"),
        ("get_recipes", {"plan_to": MONDAY}, "plan_from"),
        ("get_recipes", {"plan_from": TUESDAY, "plan_to": MONDAY}, "plan_to"),
        ("get_recipes", {"plan_from": MONDAY, "recipe": "Soup"}, "plan_from"),
        ("get_recipes", {"plan_from": MONDAY, "cursor": "W10"}, "cursor"),
    ],
)
async def test_each_fault_of_a_call_names_its_field(
    client: McpClient, tool: str, arguments: dict[str, Any], field: str
) -> None:
    assert (await client.refusal(tool, **arguments))["field"] == field


async def test_a_name_that_fits_several_recipes_fails_with_them(client: McpClient) -> None:
    for name in ("Lentil soup", "Tomato soup"):
        await client.call("save_recipe", name=name, items=["water"])
    refusal = await client.refusal("save_plan", entries=[{"date": MONDAY, "recipe": "soup"}])
    assert (refusal["code"], refusal["candidates"]) == ("ambiguous", ["Lentil soup (R1)", "Tomato soup (R2)"])


async def test_a_recipe_that_was_put_away_or_deleted_is_told_and_the_others_are_bought(client: McpClient) -> None:
    await cook(client)
    cake = await client.call("save_recipe", name="Cake", items=["sugar"])
    await plan(client, *({"date": MONDAY, "recipe": each} for each in ("Pancakes", "Soup", "Cake")))
    await client.call("save_recipe", recipe="Pancakes", archived=True)
    await client.call("undo", undo_ref=cake["undo_ref"])
    applied = await client.call("apply_recipe", plan_from=MONDAY)
    assert applied["counts"] == {"failed": 2, "added": 3}
    assert [each["error"]["message"] for each in applied["results"][:2]] == [
        "R1 is archived. save_recipe with archived=false brings it back into use.",
        f"R4, planned for {MONDAY}, was deleted.",
    ]
    assert [each.get("recipe") for each in await planned(client)] == ["R1", "R2", None]
    assert [each["name"] for each in await planned(client)] == ["Pancakes", "Soup", "Cake"]


async def test_the_same_key_plans_once(client: McpClient) -> None:
    await cook(client)
    first = await plan(client, {"date": MONDAY, "recipe": "Soup"}, idempotency_key="a")
    assert await plan(client, {"date": MONDAY, "recipe": "Soup"}, idempotency_key="a") == first
    once = await client.call("apply_recipe", plan_from=MONDAY, idempotency_key="b")
    assert await client.call("apply_recipe", plan_from=MONDAY, idempotency_key="b") == once
    assert (await to_buy(client))["leek"] == ("1", "Soup")


async def test_strangers_see_no_plan_and_viewers_change_none(
    factory: Factory, http: httpx.AsyncClient, ada: Connected, client: McpClient
) -> None:
    await cook(client)
    await plan(client, {"date": MONDAY, "recipe": "Soup"})
    eve = McpClient(http, (await factory.connected("Eve")).token)
    assert await planned(eve) == []
    assert (await eve.refusal("apply_recipe", plan_from=MONDAY))["code"] == "not_found"
    assert (await plan(eve, clear_from=MONDAY))["counts"] == {}
    vic, _ = await factory.person("Vic")
    await factory.join(vic, ada.household_id, "viewer")
    viewer = McpClient(http, (await factory.connect(vic, ada.household_id)).token)
    assert len(await planned(viewer)) == 1
    assert (await viewer.refusal("save_plan", clear_from=MONDAY))["code"] == "role"
    assert (await viewer.refusal("apply_recipe", plan_from=MONDAY))["code"] == "role"
    assert len(await planned(client)) == 1


@pytest.mark.parametrize("role", ["owner", "editor"])
async def test_members_who_may_write_plan_until_they_are_removed(
    factory: Factory, engine: Engine, http: httpx.AsyncClient, ada: Connected, client: McpClient, role: Role
) -> None:
    await cook(client)
    ben, _ = await factory.person("Ben")
    await factory.join(ben, ada.household_id, role)
    member = McpClient(http, (await factory.connect(ben, ada.household_id)).token)
    await member.call("save_recipe", name="Toast", items=["bread"])
    assert (await plan(member, {"date": MONDAY, "recipe": "Toast"}))["counts"] == {"planned": 1}
    assert (await member.call("apply_recipe", plan_from=MONDAY))["counts"] == {"added": 1}
    async with transaction(engine) as connection:
        await connection.execute(text("DELETE FROM memberships WHERE person_id = :id"), {"id": ben.id})
    removed = McpClient(http, (await factory.connect(ben, ada.household_id)).token)
    calls: list[tuple[str, dict[str, Any]]] = [
        ("get_recipes", {"plan_from": MONDAY}),
        ("save_recipe", {"name": "Cake", "items": ["sugar"]}),
        ("save_plan", {"clear_from": MONDAY}),
        ("apply_recipe", {"plan_from": MONDAY}),
    ]
    for tool, arguments in calls:
        response = await removed.send("tools/call", {"name": tool, "arguments": arguments})
        assert response.status_code == 401
    assert [each["name"] for each in await planned(client)] == ["Toast"]


@pytest.fixture
async def full(engine: Engine, ada: Connected) -> None:
    """As many planned meals as Ada's household may have, three a day, with long words."""
    async with transaction(engine, ada.household_id) as connection:
        await connection.execute(
            text("""
                INSERT INTO planned_meals (household_id, id, day, position, meal, words)
                SELECT :household, gen_random_uuid(), date '2020-01-01' + n / 3, n % 3, repeat('m', 50),
                       repeat('ß', 190) || n
                FROM generate_series(0, :number - 1) AS n"""),
            {"household": ada.household_id, "number": PLANNED_MEALS},
        )


@pytest.mark.usefixtures("full")
async def test_a_full_plan_is_paged_and_takes_no_more(client: McpClient) -> None:
    names: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await client.call("get_recipes", plan_from="2020-01-01", plan_to="2020-07-01", **cursor)
        names += [each["name"].strip("ß") for each in page["plan"]]
        if "next_cursor" not in page:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert names == [str(number) for number in range(len(names))]
    assert len(names) == 3 * 183
    refusal = await client.refusal("save_plan", entries=[{"date": MONDAY, "text": "toast"}])
    assert (refusal["code"], refusal["field"]) == ("limit", "entries[0]")
    assert (await client.refusal("apply_recipe", plan_from="2020-01-01", plan_to="2021-01-01"))["code"] == "limit"
    cleared = await plan(client, {"date": MONDAY, "text": "toast"}, clear_from="2020-01-01", clear_to="2025-12-31")
    assert cleared["counts"] == {"planned": 1, "removed": 6576}
    await client.call("undo", undo_ref=cleared["undo_ref"])
    assert "toast" not in [each["name"] for each in await planned(client)]


@pytest.mark.usefixtures("full")
async def test_a_meal_that_is_cleared_and_planned_again_makes_no_room_in_a_full_plan(client: McpClient) -> None:
    kept = {"date": "2020-01-01", "text": "ß" * 190 + "0", "meal": "m" * 50}
    new = [{"date": MONDAY, "text": name} for name in ("toast", "soup", "rice")]
    result = await client.call("save_plan", entries=[kept, *new], clear_from="2020-01-01")
    assert result["counts"] == {"unchanged": 1, "planned": 2, "failed": 1, "removed": 2}
