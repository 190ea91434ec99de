"""Nobody sees or changes anything of a household they don't belong to, and no answer tells whether it exists."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.db import Engine, new_id, transaction
from app.households import repository as households
from app.mcp.catalogue import TOOLS
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient

pytestmark = pytest.mark.anyio

ARGUMENTS: dict[str, dict[str, Any]] = {
    "get_overview": {},
    "list_items": {},
    "add_items": {"items": ["poison"]},
}
"""A good call of each tool."""


@pytest.fixture
async def eve(factory: Factory, each_era: McpClient) -> McpClient:
    """Somebody of another household, after Ada wrote something."""
    await each_era.call("add_items", items=["Ada's secret present"])
    stranger = await factory.connected("Eve")
    return McpClient(each_era.http, stranger.token, each_era.era)


def test_every_tool_is_tried() -> None:
    assert set(ARGUMENTS) == {tool.name for tool in TOOLS}


@pytest.mark.parametrize("tool", sorted(ARGUMENTS))
async def test_a_stranger_naming_the_household_gets_the_answer_for_one_that_does_not_exist(
    engine: Engine, ada: Connected, each_era: McpClient, eve: McpClient, tool: str
) -> None:
    async with transaction(engine) as connection:
        real = (await households.memberships_of(connection, ada.person.id))[0]
    for name in (real.ref, real.name, str(real.household_id)):
        refusal = await eve.refusal(tool, **ARGUMENTS[tool], household=name)
        invented = await eve.refusal(tool, **ARGUMENTS[tool], household="hzzzzzzzzz")
        assert refusal == invented
        assert refusal["code"] == "not_found"
        assert "Ada" not in str(refusal)
    items = (await each_era.call("list_items"))["items"]
    assert [item["name"] for item in items] == ["Ada's secret present"]


@pytest.mark.parametrize("tool", sorted(ARGUMENTS))
async def test_refs_of_another_household_mean_ones_own(each_era: McpClient, eve: McpClient, tool: str) -> None:
    arguments = {**ARGUMENTS[tool], **({"list": "L1"} if tool != "get_overview" else {})}
    answer = await eve.call(tool, **arguments)
    assert "Ada" not in str(answer)
    assert len((await each_era.call("list_items"))["items"]) == 1


LIST_TOOLS = sorted(tool.name for tool in TOOLS if "list" in tool.input_schema["properties"])


@pytest.fixture
async def hardware(engine: Engine, ada: Connected, each_era: McpClient) -> None:
    """A second list of Ada's, L2, with an item."""
    statement = text("""
        INSERT INTO lists (household_id, id, no, name, name_key, rev)
        VALUES (:household, :id, 2, 'Hardware', 'hardware', 0)""")
    async with transaction(engine, ada.household_id) as connection:
        await connection.execute(statement, {"household": ada.household_id, "id": new_id()})
    await each_era.call("add_items", items=["Ada's secret saw"], list="L2")


@pytest.mark.usefixtures("hardware")
@pytest.mark.parametrize("tool", LIST_TOOLS)
async def test_a_list_of_another_household_is_answered_like_one_that_does_not_exist(
    each_era: McpClient, eve: McpClient, tool: str
) -> None:
    before = await everything(each_era)
    refusals = [await eve.refusal(tool, **ARGUMENTS[tool], list=named) for named in ("L2", "Hardware", "L9", "Nowhere")]
    assert refusals == [refusals[0]] * 4
    assert (refusals[0]["code"], refusals[0]["candidates"]) == ("not_found", ["Groceries (L1)"])
    assert await everything(each_era) == before


async def everything(client: McpClient) -> list[dict[str, Any]]:
    """The lists of the client's household, and every detail of what is on them."""
    items = await client.call("list_items", list="*", view="all", detail="full")
    return [await client.call("get_overview"), items]


async def test_a_cursor_of_another_household_shows_nothing_of_it(each_era: McpClient, eve: McpClient) -> None:
    await each_era.call("add_items", items=["a", "b", "c"])
    cursor = (await each_era.call("list_items", limit=1))["next_cursor"]
    refusal = await eve.refusal("list_items", cursor=cursor)
    assert (refusal["code"], refusal["field"]) == ("invalid", "cursor")
    assert "Ada" not in str(refusal)


async def test_an_idempotency_key_of_another_household_answers_nothing_of_it(
    each_era: McpClient, eve: McpClient
) -> None:
    await each_era.call("add_items", items=["milk"], idempotency_key="k")
    answer = await eve.call("add_items", items=["milk"], idempotency_key="k")
    assert answer["results"][0]["ref"] == "i1"
    assert len((await eve.call("list_items"))["items"]) == 1


@pytest.mark.parametrize("tool", [tool.name for tool in TOOLS])
async def test_a_viewer_reads_and_changes_nothing(
    factory: Factory, ada: Connected, each_era: McpClient, eve: McpClient, tool: str
) -> None:
    vic, _ = await factory.person("Vic")
    await factory.join(vic, ada.household_id, "viewer")
    viewer = McpClient(each_era.http, (await factory.connect(vic, ada.household_id)).token, each_era.era)
    writes = next(each for each in TOOLS if each.name == tool).writes
    if writes:
        assert (await viewer.refusal(tool, **ARGUMENTS[tool]))["code"] == "role"
    else:
        await viewer.call(tool, **ARGUMENTS[tool])
    assert (await each_era.call("list_items"))["rev"] == 1


async def test_joining_a_household_does_not_widen_a_grant(factory: Factory, ada: Connected, client: McpClient) -> None:
    bob, cabin = await factory.person("Bob")
    assert bob.id != ada.person.id
    await factory.join(ada.person, cabin, "owner")
    assert "other_households" not in await client.call("get_overview")


async def test_a_person_who_left_every_household_of_the_grant_must_sign_in_again(
    engine: Engine, ada: Connected, client: McpClient
) -> None:
    async with transaction(engine) as connection:
        await connection.execute(text("DELETE FROM memberships WHERE person_id = :id"), {"id": ada.person.id})
    response = await client.send("tools/list")
    assert response.status_code == 401
    assert 'error="invalid_token"' in response.headers["www-authenticate"]


@pytest.mark.parametrize("table", ["clocks", "lists", "items", "events"])
async def test_sql_without_a_household_sees_no_rows_and_changes_none(
    engine: Engine, client: McpClient, table: str
) -> None:
    await client.call("add_items", items=["milk"])
    async with transaction(engine) as connection:
        assert (await connection.execute(text(f"SELECT * FROM {table}"))).all() == []
        updated = await connection.execute(text(f"UPDATE {table} SET household_id = household_id"))
        assert updated.rowcount == 0  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


async def test_sql_in_one_household_sees_nothing_of_another(
    engine: Engine, ada: Connected, each_era: McpClient, eve: McpClient, factory: Factory
) -> None:
    other = await factory.connected("Mallory")
    async with transaction(engine, other.household_id) as connection:
        for table in ("clocks", "lists", "items", "events"):
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


@pytest.mark.parametrize("table", ["clocks", "lists", "items", "events"])
async def test_sql_can_not_move_its_own_rows_into_another_household(
    engine: Engine, ada: Connected, factory: Factory, client: McpClient, table: str
) -> None:
    mallory = await factory.connected("Mallory")
    await McpClient(client.http, mallory.token).call("add_items", items=["poison"])
    refused = f'new row violates row-level security policy for table "{table}"'
    with pytest.raises(DBAPIError, match=refused):
        async with transaction(engine, mallory.household_id) as connection:
            await connection.execute(text(f"UPDATE {table} SET household_id = :id"), {"id": ada.household_id})
    assert (await client.call("list_items", list="*"))["items"] == []


@pytest.mark.parametrize("table", ["clocks", "lists", "items", "events"])
async def test_sql_in_one_household_changes_nothing_of_another(
    engine: Engine, ada: Connected, factory: Factory, client: McpClient, table: str
) -> None:
    await client.call("add_items", items=["milk"])
    other = await factory.connected("Mallory")
    async with transaction(engine, other.household_id) as connection:
        statement = text(f"UPDATE {table} SET rev = 99 WHERE household_id = :id")
        updated = await connection.execute(statement, {"id": ada.household_id})
        assert updated.rowcount == 0  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
