"""Every tool call leaves exactly one row, however it ends, and costs the database nothing while it runs."""

from datetime import timedelta
from typing import Any

import anyio
import httpx
import pytest
from starlette.applications import Starlette

from app.access import grant_cache
from app.db import Engine, transaction, transactions
from app.db.embedded import DatabaseUrls
from app.db.engine import Driver
from app.errors import Unavailable
from app.main import create_app
from app.mcp.catalogue import TOOLS
from app.settings import Settings
from tests.audit.looking import log_of, only, recorded
from tests.db.statements import recording
from tests.db.test_statements import CALLS
from tests.factory import CLIENT_ID, Connected, Factory
from tests.mcp.client import McpClient
from tests.runtime.test_health import away

pytestmark = [pytest.mark.anyio, pytest.mark.own_app, pytest.mark.usefixtures("by_hand")]


async def calls(app: Starlette, engine: Engine) -> list[dict[str, Any]]:
    return await recorded(engine, log_of(app), "tool_called")


@pytest.mark.proves("""au-events MUST own rule
    Sign-ins, consents, token events, refusals, membership changes and calls are recorded, without content.
    Here: Sign-ups, sign-ins, consents, token events, grants that are made or ended in any way, membership changes,
    refusals and tool calls leave a row each, without content.""")
async def test_each_call_of_each_tool_leaves_one_row(
    app: Starlette, client: McpClient, engine: Engine, ada: Connected
) -> None:
    made: list[str] = []
    for tool, examples in CALLS.items():
        for arguments in examples:
            await client.result("tools/call", {"name": tool, "arguments": arguments})
            made.append(tool)
    rows = await calls(app, engine)
    assert [row["tool"] for row in rows] == made
    assert set(made) == {tool.name for tool in TOOLS}
    for row in rows:
        assert only(row, "person_id", "client_id", "grant_id") == (ada.person.id, CLIENT_ID, ada.grant_id)
        assert row["household_id"] == ada.household_id
        assert row["address"] == "127.0.0.1"
        assert row["duration_ms"] >= 0
        assert only(row, "detail", "email_hash", "other_person_id", "times") == (None, None, None, 1)


async def test_a_row_says_what_came_of_the_call_and_how_much_it_touched(
    app: Starlette, client: McpClient, engine: Engine
) -> None:
    await client.call("add_items", items=["milk", "tea", "x" * 300])
    await client.call("check_items", items=["milk"], idempotency_key="k")
    await client.call("check_items", items=["milk"], idempotency_key="k")
    await client.call("list_items")
    await client.call("export_list", list="L1")
    await client.refusal("check_items", items=["milk"], household="Elsewhere")
    await client.refusal("add_items", items=[])
    assert [only(row, "tool", "outcome", "touched") for row in await calls(app, engine)] == [
        ("add_items", "ok", 2),
        ("check_items", "ok", 1),
        ("check_items", "replayed", 0),
        ("list_items", "ok", 1),
        ("export_list", "ok", 2),
        ("check_items", "not_found", None),
        ("add_items", "invalid", None),
    ]


async def test_a_call_of_no_tool_leaves_a_row_without_the_name_that_was_sent(
    app: Starlette, client: McpClient, engine: Engine
) -> None:
    await client.error("tools/call", {"name": "drop_tables", "arguments": {}})
    (row,) = await calls(app, engine)
    assert only(row, "tool", "outcome") == (None, "unknown_tool")


async def test_a_role_that_does_not_suffice_leaves_its_row(
    app: Starlette, http: httpx.AsyncClient, factory: Factory, ada: Connected, engine: Engine
) -> None:
    bob, own = await factory.person("Bob")
    await factory.join(bob, ada.household_id, "viewer")
    viewer = McpClient(http, (await factory.connect(bob, ada.household_id, own)).token)
    await viewer.refusal("add_items", items=["milk"])
    (row,) = await calls(app, engine)
    assert only(row, "tool", "outcome", "person_id") == ("add_items", "role", bob.id)


async def test_a_fault_of_ours_is_recorded_as_one(
    app: Starlette, client: McpClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr("app.mcp.dispatch.to_json", fail)
    await client.refusal("add_items", items=["milk"])
    (row,) = await calls(app, engine)
    assert only(row, "tool", "outcome", "touched") == ("add_items", "fault", None)


async def test_each_call_of_a_batch_leaves_its_row(
    app: Starlette, http: httpx.AsyncClient, ada: Connected, engine: Engine
) -> None:
    client = McpClient(http, ada.token, "2025-11-25")
    batch = [client.message("tools/call", {"name": "list_items", "arguments": {}}) for _ in range(3)]
    headers = {**client.headers("tools/call"), "MCP-Protocol-Version": "2025-03-26"}
    assert len((await http.post("/mcp", json=batch, headers=headers)).json()) == 3
    assert [row["tool"] for row in await calls(app, engine)] == ["list_items"] * 3


async def test_a_call_that_is_cancelled_leaves_a_row(
    app: Starlette, client: McpClient, ada: Connected, engine: Engine
) -> None:
    async with transaction(engine, ada.household_id) as holding, anyio.create_task_group() as tasks:
        await holding.exec_driver_sql("UPDATE clocks SET rev = rev")  # as a writer of another process
        tasks.start_soon(client.send, "tools/call", {"name": "add_items", "arguments": {"items": ["milk"]}})
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        with anyio.fail_after(30):
            while not (await holding.exec_driver_sql(waiting)).scalar_one():
                pass
        tasks.cancel_scope.cancel()
    (row,) = await calls(app, engine)
    assert only(row, "tool", "outcome", "touched") == ("add_items", "cancelled", None)


@pytest.mark.parametrize("arguments", [{}, {"idempotency_key": "k"}], ids=["one message", "transaction"])
async def test_a_call_that_is_cancelled_once_it_is_stored_is_recorded_as_it_ended(
    app: Starlette, client: McpClient, engine: Engine, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, str]
) -> None:
    await client.call("add_items", items=["tea"])
    sent, go = anyio.Event(), anyio.Event()
    message = "_send_alone" if not arguments else "_send"
    send = getattr(transactions, message)

    async def held(driver: Driver, statement: str, *values: object) -> Any:
        result = await send(driver, statement, *values)
        if not arguments or statement == "COMMIT":
            sent.set()
            await go.wait()
        return result

    async with anyio.create_task_group() as tasks:
        monkeypatch.setattr(transactions, message, held)
        call = {"name": "add_items", "arguments": {"items": ["milk", "bread"], **arguments}}
        tasks.start_soon(client.send, "tools/call", call)
        await sent.wait()
        tasks.cancel_scope.cancel()
        go.set()
    monkeypatch.undo()
    assert [each["name"] for each in (await client.call("list_items"))["items"]] == ["tea", "milk", "bread"]
    rows = [row for row in await calls(app, engine) if row["tool"] == "add_items"]
    assert only(rows[-1], "outcome", "touched") == ("ok", 2)


@pytest.mark.own_database
async def test_while_the_database_is_away_nobody_waits_for_the_record_and_it_is_written_afterwards(
    app: Starlette, client: McpClient, engine: Engine, database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grant_cache, "KEPT", timedelta())  # so that every call asks the database
    await client.call("list_items")
    async with away(database, "ALLOW_CONNECTIONS"):
        assert (await client.send("tools/call", {"name": "list_items", "arguments": {}})).status_code == 503
        assert (await client.http.get("/healthz")).status_code == 200
        with pytest.raises(Unavailable):
            await log_of(app).write()
    await client.call("get_overview")
    assert [row["tool"] for row in await calls(app, engine)] == ["list_items", "get_overview"]


async def test_a_call_sends_nothing_to_the_database_for_its_row(
    settings: Settings, ada: Connected, engine: Engine
) -> None:
    with recording() as recorder:
        application = create_app(settings)
        transport = httpx.ASGITransport(application)
        async with (
            application.router.lifespan_context(application),
            httpx.AsyncClient(transport=transport, base_url=settings.public_url) as http,
        ):
            client = McpClient(http, ada.token)
            await client.call("list_items")
            for tool in ("add_items", "list_items"):
                recorder.call = tool
                await client.call(tool, **({"items": ["milk"]} if tool == "add_items" else {}))
                await anyio.lowlevel.checkpoint()  # the driver notes a statement soon after it was sent
                recorder.call = ""
            sent = [each for each in recorder.transactions if each.call]
            rows = await calls(application, engine)
    assert {each.call for each in sent} == {"add_items", "list_items"}
    assert not any("audit" in statement for each in sent for statement in each.statements)
    assert [row["tool"] for row in rows] == ["list_items", "add_items", "list_items"]
