"""Nobody sees or changes anything of a household they don't belong to, and no answer tells whether it exists."""

import json
import re
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.db import Engine, new_id, transaction
from app.households import repository as households
from app.mcp.catalogue import TOOLS
from tests.db.statements import TENANT
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio

ARGUMENTS: dict[str, dict[str, Any]] = {
    "get_overview": {},
    "list_items": {},
    "get_activity": {},
    "get_spending": {},
    "export_list": {},
    "search": {"query": "secret"},
    "fetch": {"id": "i1"},
    "add_items": {"items": ["poison"]},
    "update_items": {"items": [{"item": "i1", "name": "poison"}]},
    "check_items": {"items": ["i1"]},
    "record_purchase": {"items": ["i1"]},
    "move_items": {"items": ["i1"], "to_list": "L2"},
    "remove_items": {"items": ["i1"]},
    "save_list": {"list": "L1", "name": "Poison"},
    "delete_list": {"list": "L2", "confirm_name": "Hardware"},
    "import_items": {"data": "poison"},
    "get_recipes": {},
    "get_pantry": {},
    "get_suggestions": {},
    "update_pantry": {"items": [{"name": "poison"}]},
    "save_recipe": {"recipe": "R1", "items": ["poison"]},
    "apply_recipe": {"recipe": "R1"},
    "save_plan": {"entries": [{"date": "2026-12-24", "recipe": "R1"}], "clear_from": "2026-12-23"},
    "undo": {"undo_ref": "e1"},
    "invite_member": {"role": "guest", "name": "Grandma"},
    "join_household": {"code": "0000-0000-0000-0000"},
    "update_member": {"person": "Ada", "role": "viewer"},
    "save_household": {"name": "Poison"},
}
"""A good call of each tool, on what Ada has; but for the code, which nobody was given."""


@pytest.fixture
async def eve(factory: Factory, each_era: McpClient) -> McpClient:
    """Somebody of another household, who has written nothing yet, after Ada wrote something."""
    await each_era.call("add_items", items=["Ada's secret present"])
    await each_era.call("save_list", name="Hardware")
    await each_era.call("add_items", items=["Ada's secret saw"], list="L2")
    await each_era.call("save_recipe", name="Ada's secret soup", items=["1 l secret stock"])
    await each_era.call("update_pantry", items=[{"name": "Ada's secret cake"}])
    await each_era.call("save_plan", entries=[{"date": "2026-12-23", "text": "Ada's secret dinner"}])
    stranger = await factory.connected("Eve")
    return McpClient(each_era.http, stranger.token, each_era.era)


async def write_everywhere(client: McpClient) -> None:
    """Leave a row in every tenant table."""
    await client.call("save_list", name="Elsewhere")
    await client.call("add_items", items=["tea"])
    await client.call("update_items", items=[{"item": "tea", "category": "Drinks"}])
    await client.call("move_items", items=["tea"], to_list="Elsewhere")
    await client.call("check_items", items=["tea"], list="Elsewhere", store="Market")
    await client.call("save_recipe", name="Iced tea", items=["tea"])
    await client.call("update_pantry", items=[{"name": "tea"}])
    await client.call("save_plan", entries=[{"date": "2026-12-24", "recipe": "Iced tea"}])
    await client.call("invite_member", role="guest", name="Grandma")
    await client.call("record_purchase", items=["2.50"], paid_to="Grandma (guest)")


async def everything(client: McpClient) -> list[dict[str, Any]]:
    """The lists, recipes and plan of the client's household, and every detail of what is on them."""
    items = await client.call("list_items", list="*", view="all", detail="full")
    recipes = [
        await client.call("get_recipes", recipe=each["ref"]) for each in (await client.call("get_recipes"))["recipes"]
    ]
    pantry = await client.call("get_pantry")
    plan = await client.call("get_recipes", plan_from="2026-12-01", plan_to="2026-12-31")
    return [await client.call("get_overview"), pantry, items, *recipes, plan]


def on_nothing(value: str) -> str:
    """A text with refs that exist nowhere in place of the ones that Ada's household has."""
    return re.sub(r"\b([eiLR])[12]\b", r"\g<1>99", value)


def test_every_tool_is_tried() -> None:
    assert set(ARGUMENTS) == {tool.name for tool in TOOLS}


@pytest.mark.proves("""rs-no-data-leak MUST MCP security-considerations (Access Token Privilege Restriction)
    No data reaches a party that is not authorised.
    Here: A household must be in the grant and in today's memberships, and Postgres enforces it again.""")
@pytest.mark.parametrize("tool", sorted(ARGUMENTS))
async def test_a_stranger_naming_the_household_gets_the_answer_for_one_that_does_not_exist(
    engine: Engine, ada: Connected, each_era: McpClient, eve: McpClient, tool: str
) -> None:
    before = await everything(each_era)
    async with transaction(engine) as connection:
        real = (await households.memberships_of(connection, ada.person.id))[0]
    for name in (real.ref, real.name, str(real.household_id)):
        refusal = await eve.refusal(tool, **ARGUMENTS[tool], household=name)
        invented = await eve.refusal(tool, **ARGUMENTS[tool], household="hzzzzzzzzz")
        assert refusal == invented
        assert refusal["code"] == "not_found"
        assert "Ada" not in str(refusal)
    assert await everything(each_era) == before


@pytest.mark.proves("""handles-no-auth MUST MCP security_best_practices (State Handle Hijacking)
    Holding a ref, cursor or undo_ref is not authority.
    Here: Every handle is looked up inside the proven household.""")
@pytest.mark.proves("""rs-undo-across-grants MUST own rule
    An undo_ref of another household is a ref of nothing.
    Here: It is looked up in the proven household; within one household a member may undo what another did.""")
@pytest.mark.parametrize("tool", sorted(ARGUMENTS))
async def test_refs_of_another_household_are_refs_of_nothing(
    factory: Factory, each_era: McpClient, eve: McpClient, tool: str
) -> None:
    before = await everything(each_era)
    result = await eve.result("tools/call", {"name": tool, "arguments": ARGUMENTS[tool]})
    assert "Ada" not in str(result)
    assert await everything(each_era) == before
    nowhere = json.loads(on_nothing(json.dumps(ARGUMENTS[tool])))
    if nowhere != ARGUMENTS[tool] and "L1" not in ARGUMENTS[tool].values():
        mallory = McpClient(each_era.http, (await factory.connected("Mallory")).token, each_era.era)
        same = await mallory.result("tools/call", {"name": tool, "arguments": nowhere})
        assert on_nothing(str(result)) == on_nothing(str(same))


LIST_TOOLS = sorted(tool.name for tool in TOOLS if "list" in tool.input_schema["properties"])


@pytest.mark.parametrize("tool", LIST_TOOLS)
async def test_a_list_of_another_household_is_answered_like_one_that_does_not_exist(
    each_era: McpClient, eve: McpClient, tool: str
) -> None:
    before = await everything(each_era)
    if tool == "apply_recipe":
        await eve.call("save_recipe", name="Eve's soup", items=["stock"])
    refusals = [
        await eve.refusal(tool, **{**ARGUMENTS[tool], "list": named}) for named in ("L2", "Hardware", "L9", "Nowhere")
    ]
    assert refusals == [refusals[0]] * 4
    assert (refusals[0]["code"], refusals[0]["candidates"]) == ("not_found", ["Groceries (L1)"])
    assert await everything(each_era) == before


@pytest.mark.proves("handles-no-auth")
async def test_a_cursor_of_another_household_shows_nothing_of_it(each_era: McpClient, eve: McpClient) -> None:
    await each_era.call("add_items", items=["a", "b", "c"])
    for arguments in ({}, {"list": "*"}):
        cursor = (await each_era.call("list_items", limit=1, **arguments))["next_cursor"]
        result = await eve.result("tools/call", {"name": "list_items", "arguments": {**arguments, "cursor": cursor}})
        assert "Ada" not in str(result)
        assert result.get("structuredContent", {}).get("items", []) == []


async def test_an_idempotency_key_of_another_household_answers_nothing_of_it(
    each_era: McpClient, eve: McpClient
) -> None:
    await each_era.call("add_items", items=["milk"], idempotency_key="k")
    answer = await eve.call("add_items", items=["milk"], idempotency_key="k")
    assert answer["results"][0]["ref"] == "i1"
    assert len((await eve.call("list_items"))["items"]) == 1


@pytest.mark.proves("""scope-403-only MUST own rule
    403 means a missing scope and nothing else; role and quota are tool errors.
    Here: A viewer's write is a tool error with the code role.""")
@pytest.mark.parametrize("tool", [tool.name for tool in TOOLS])
async def test_a_viewer_reads_and_changes_nothing(
    factory: Factory, ada: Connected, each_era: McpClient, eve: McpClient, tool: str
) -> None:
    vic, _ = await factory.person("Vic")
    await factory.join(vic, ada.household_id, "viewer")
    viewer = McpClient(each_era.http, (await factory.connect(vic, ada.household_id)).token, each_era.era)
    before = await everything(each_era)
    writes = next(each for each in TOOLS if each.name == tool).writes
    if writes:
        assert (await viewer.refusal(tool, **ARGUMENTS[tool]))["code"] == "role"
    elif tool == "join_household":
        assert (await viewer.refusal(tool, **ARGUMENTS[tool]))["code"] == "not_found"
    else:
        await viewer.call(tool, **ARGUMENTS[tool])
    assert await everything(each_era) == before


@pytest.mark.proves("""rs-join-no-widening MUST own rule
    Joining a household widens no grant.
    Here: Only households stored with the grant count.""")
async def test_joining_a_household_does_not_widen_a_grant(factory: Factory, ada: Connected, client: McpClient) -> None:
    bob, cabin = await factory.person("Bob")
    assert bob.id != ada.person.id
    await factory.join(ada.person, cabin, "owner")
    assert "other_households" not in await client.call("get_overview")


@pytest.mark.proves("""rs-no-household-left MUST own rule
    A grant without any household left is as good as revoked.
    Here: Then the answer is 401.""")
async def test_a_person_who_left_every_household_of_the_grant_must_sign_in_again(
    engine: Engine, ada: Connected, client: McpClient
) -> None:
    async with transaction(engine) as connection:
        await connection.execute(text("DELETE FROM memberships WHERE person_id = :id"), {"id": ada.person.id})
    response = await client.send("tools/list")
    assert response.status_code == 401
    assert 'error="invalid_token"' in response.headers["www-authenticate"]


@pytest.mark.parametrize("table", TENANT)
async def test_sql_without_a_household_sees_no_rows_and_changes_none(
    engine: Engine, client: McpClient, table: str
) -> None:
    await write_everywhere(client)
    async with transaction(engine) as connection:
        assert (await connection.execute(text(f"SELECT * FROM {table}"))).all() == []
        updated = await connection.execute(text(f"UPDATE {table} SET household_id = household_id"))
        assert updated.rowcount == 0  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


async def test_sql_in_one_household_sees_nothing_of_another(
    engine: Engine, ada: Connected, each_era: McpClient, eve: McpClient, factory: Factory
) -> None:
    await write_everywhere(each_era)
    other = await factory.connected("Mallory")
    async with transaction(engine, ada.household_id) as connection:
        for table in TENANT:
            assert (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() > 0, table
    async with transaction(engine, other.household_id) as connection:
        for table in TENANT:
            query = text(f"SELECT count(*) FROM {table} WHERE household_id = :id")
            assert (await connection.execute(query, {"id": ada.household_id})).scalar() == 0


ROWS = {
    "clocks": "INSERT INTO clocks (household_id) VALUES (:household)",
    "lists": "INSERT INTO lists (household_id, id, no, name, name_key, rev) VALUES (:household, :id, 7, 'x', 'x', 0)",
    "items": """
        INSERT INTO items (household_id, id, list_id, no, name, name_key, position, rev)
        VALUES (:household, :id, (SELECT id FROM lists LIMIT 1), 7, 'x', 'x', 0, 0)""",
    "events": """
        INSERT INTO events (household_id, no, person_id, client_id, grant_id, kind, rev, changes)
        VALUES (:household, 7, :id, 'x', :id, 'x', 0, '[]')""",
    "purchases": """
        INSERT INTO purchases (household_id, id, item_id, name, name_key, currency, bought_at, bought_by, event_no)
        VALUES (:household, :id, :id, 'x', 'x', 'EUR', now(), :id, 7)""",
    "settlements": """
        INSERT INTO settlements (household_id, id, payer, payee, amount, currency, paid_at)
        VALUES (:household, :id, :id, gen_random_uuid(), 1, 'EUR', now())""",
    "aisles": "INSERT INTO aisles VALUES (:household, 'x', 'x', 0, 1)",
    "departures": "INSERT INTO departures VALUES (:household, :id, 7, 0)",
    "habits": "INSERT INTO habits (household_id, name_key, rev) VALUES (:household, 'x', 0)",
    "pantry": """
        INSERT INTO pantry (household_id, name_key, name, have, said_at, rev)
        VALUES (:household, 'x', 'x', true, now(), 0)""",
    "recipes": """
        INSERT INTO recipes (household_id, id, no, name, name_key, kind, rev)
        VALUES (:household, :id, 7, 'x', 'x', 'recipe', 0)""",
    "recipe_lines": "INSERT INTO recipe_lines VALUES (:household, :id, 1, 'x')",
    "planned_meals": """
        INSERT INTO planned_meals (household_id, id, day, position, words)
        VALUES (:household, :id, '2026-12-24', 1, 'x')""",
}
"""A row for each tenant table."""


@pytest.mark.parametrize("context", ["none", "another household"])
@pytest.mark.parametrize("table", sorted(ROWS))
async def test_sql_can_not_put_rows_into_a_household_that_is_not_its_context(
    engine: Engine, ada: Connected, factory: Factory, table: str, context: str
) -> None:
    other = await factory.connected("Mallory")
    household = None if context == "none" else other.household_id
    refused = f'new row violates row-level security policy for table "{table}"'
    with pytest.raises(DBAPIError, match=refused):
        async with transaction(engine, household) as connection:
            await connection.execute(text(ROWS[table]), {"household": ada.household_id, "id": new_id()})


@pytest.mark.parametrize("table", TENANT)
async def test_sql_can_not_move_its_own_rows_into_another_household(
    engine: Engine, ada: Connected, factory: Factory, client: McpClient, table: str
) -> None:
    mallory = await factory.connected("Mallory")
    await write_everywhere(McpClient(client.http, mallory.token))
    refused = f'new row violates row-level security policy for table "{table}"'
    with pytest.raises(DBAPIError, match=refused):
        async with transaction(engine, mallory.household_id) as connection:
            await connection.execute(text(f"UPDATE {table} SET household_id = :id"), {"id": ada.household_id})
    assert (await client.call("list_items", list="*"))["items"] == []


@pytest.mark.parametrize("table", TENANT)
async def test_sql_in_one_household_changes_nothing_of_another(
    engine: Engine, ada: Connected, factory: Factory, client: McpClient, table: str
) -> None:
    await write_everywhere(client)
    other = await factory.connected("Mallory")
    async with transaction(engine, other.household_id) as connection:
        statement = text(f"UPDATE {table} SET household_id = household_id WHERE household_id = :id")
        updated = await connection.execute(statement, {"id": ada.household_id})
        assert updated.rowcount == 0  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


GUESSES: list[tuple[str, dict[str, Any]]] = [
    ("check_items", {"items": ["secret", "saw", "i2"]}),
    ("update_items", {"items": [{"item": "secret", "assignee": "Ad"}, {"item": "tea", "assignee": "A"}]}),
    ("add_items", {"items": [{"name": "cake", "assignee": "Ad"}]}),
    ("move_items", {"items": ["tea"], "before": "secret"}),
    ("move_items", {"items": ["tea"], "to_list": "Hard"}),
    ("remove_items", {"items": ["secret", "i2"], "dry_run": True}),
    ("get_activity", {"person": "Ad"}),
    ("get_spending", {"group_by": "person"}),
    ("get_spending", {"item": "secret"}),
    ("get_spending", {"item": "i1"}),
    ("get_activity", {"cursor": "OTk"}),
    ("get_activity", {"list": "Hard"}),
    ("list_items", {"query": "secret", "list": "*", "view": "all"}),
    ("list_items", {"since_rev": 0, "list": "*", "view": "all", "detail": "full", "group_by": "assignee"}),
    ("list_items", {"store": "Sawmill", "list": "*"}),
    ("export_list", {"list": "Hard"}),
    ("undo", {"undo_ref": "e3"}),
    ("get_recipes", {"recipe": "secret soup"}),
    ("get_recipes", {"cursor": "IiI"}),
    ("apply_recipe", {"recipe": "Ada's secret soup"}),
    ("save_recipe", {"recipe": "R1", "name": "mine"}),
    ("get_recipes", {"plan_from": "2026-12-01", "plan_to": "2026-12-31"}),
    ("save_plan", {"entries": [{"date": "2026-12-24", "recipe": "secret soup"}]}),
    ("apply_recipe", {"plan_from": "2026-12-23"}),
    ("save_list", {"name": "Hardware"}),
    ("delete_list", {"list": "Hard", "confirm_name": "Hard"}),
]
"""Calls whose answers would tell, if any did, of Ada's things: her name, her list Hardware, her present and her saw."""


@pytest.mark.parametrize(("tool", "arguments"), GUESSES)
async def test_no_answer_and_no_candidate_tells_of_another_household(
    each_era: McpClient, eve: McpClient, tool: str, arguments: dict[str, Any]
) -> None:
    await each_era.call("update_items", items=[{"item": "i1", "assignee": "Ada", "store": "Sawmill"}])
    await eve.call("add_items", items=["tea"])
    before = await everything(each_era)
    result = await eve.result("tools/call", {"name": tool, "arguments": arguments})
    for word in ("Ada", "present", "Sawmill", *([] if tool == "save_list" else ["Hardware"])):
        assert word not in str(result), word
    if tool == "save_list":
        assert result["structuredContent"]["counts"] == {"created": 1}, "a name is taken in its own household only"
    assert await everything(each_era) == before
