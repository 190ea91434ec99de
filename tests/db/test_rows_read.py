"""What the statements of tools that read, and of those that write, read in a household with 100,000 purchases and
10,000 items, beside three others that are as large."""

import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final
from uuid import UUID

import anyio
import asyncpg
import httpx
import pytest
from asyncpg.connection import LoggedQuery
from sqlalchemy import Engine as SyncEngine
from sqlalchemy import event
from sqlalchemy.pool import Pool

from app.db import create_engine
from app.db.embedded import DatabaseUrls
from app.db.engine import Driver, connect
from app.lists.transfer.repository import finish_lists
from app.main import create_app
from app.settings import Settings
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient

pytestmark = [pytest.mark.anyio, pytest.mark.own_database, pytest.mark.processes]

PURCHASES: Final = 100_000
ITEMS: Final = 9_900
"""As many as a list holds, but for those that the calls add."""
NAMES: Final = 4_000
"""Each was bought 25 times."""

_FILL: Final = (
    f"""
    INSERT INTO items (household_id, id, list_id, no, name, name_key, position, rev, measure, amount, unit, checked_at)
    SELECT $1, gen_random_uuid(), $2, n, 'thing ' || n % {NAMES}, 'thing ' || n % {NAMES}, n, 1, 'mass', 500, 'g',
        CASE WHEN n > 300 THEN now() END
    FROM generate_series(1, {ITEMS}) AS n""",
    f"""
    INSERT INTO purchases (household_id, id, item_id, name, name_key, store, store_key, measure, amount, unit, price,
        currency, bought_at, bought_by, category, event_no)
    SELECT $1, gen_random_uuid(), items.id, items.name, items.name_key, 'Store ' || n % 7, 'store ' || n % 7, 'mass',
        500, 'g', n % 1000 / 100.0, 'EUR', now() - n * interval '7 minutes', $3, 'Food', 1
    FROM generate_series(1, {PURCHASES}) AS n
    JOIN items ON items.household_id = $1 AND items.list_id = $2 AND items.no = 1 + n % {NAMES}""",
)

ALL: Final = PURCHASES + ITEMS
"""What a question about everything may read at once, and no more."""

READS: Final[list[tuple[str, dict[str, Any], int]]] = [
    ("get_overview", {}, 50),
    ("list_items", {}, 150),
    ("list_items", {"list": "*", "limit": 200}, 400),
    ("list_items", {"group_by": "store"}, 400),
    ("list_items", {"view": "checked", "group_by": "category"}, ITEMS + 100),
    ("list_items", {"query": "thing 77"}, 400),
    ("list_items", {"detail": "full"}, 700),
    ("get_suggestions", {}, 50_000),
    ("get_suggestions", {"kind": "due"}, 25_000),
    ("get_suggestions", {"kind": "goes_with"}, 50_000),
    ("get_suggestions", {"kind": "low_stock"}, 25_000),
    ("get_pantry", {}, 25_000),
    ("get_pantry", {"query": "thing 77"}, 25_000),
    ("search", {"query": "thing 77"}, ITEMS + 100),
    ("fetch", {"id": "i7"}, 100),
    ("export_list", {"format": "csv"}, ITEMS + 100),
    ("get_activity", {"item": "i7"}, 50),
    ("get_spending", {"show": "purchases", "item": "thing 7", "limit": 1}, 120),
    ("get_spending", {"show": "purchases"}, 3_000),
    ("get_spending", {"show": "purchases", "since": "2026-01-01", "until": "2027-01-01"}, 3_000),
    ("get_spending", {"item": "thing 7"}, 200),
    ("get_spending", {"show": "basket"}, 6_000),
    ("get_spending", {"item": "things galore", "show": "purchases"}, ALL),
    ("get_spending", {"group_by": "store"}, 3 * ALL),
    ("get_spending", {"group_by": "month"}, 4 * ALL),
    ("get_spending", {"show": "usual"}, 2 * ALL),
    ("get_spending", {"show": "balances"}, ALL),
    ("get_spending", {"show": "purchases", "list": "L1"}, 3_000),
]
"""Calls of the tools that read, and how many rows of items and purchases their statements may read together."""

_GROCY: Final = json.dumps(
    {
        "stock_log": [
            {
                "product_id": n % 50,
                "amount": 1,
                "purchased_date": f"2026-{1 + n % 9:02}-11",
                "transaction_type": "purchase",
            }
            for n in range(100)
        ],
        "products": [{"id": n, "name": f"thing {n}"} for n in range(50)],
    }
)

WRITES: Final[list[tuple[str, dict[str, Any], int]]] = [
    ("add_items", {"items": ["thing 77", "2 kg thing 401", "nothing yet"]}, 30),
    ("add_items", {"items": [f"thing {number}" for number in range(100)]}, 600),
    ("check_items", {"items": ["thing 7"]}, 100),
    ("check_items", {"items": ["i7"], "checked": False}, 100),
    ("check_items", {"items": ["the thing 8"], "store": "Store 3"}, ITEMS + 500),
    ("update_items", {"items": [{"item": "thing 9", "note": "big"}, {"item": "i10", "quantity": 3}]}, 100),
    ("move_items", {"items": ["thing 11"], "to": "top"}, ITEMS + 100),
    ("remove_items", {"items": ["thing 12", "i13"]}, 100),
    ("record_purchase", {"items": ["thing 14 2,49", "i15", "nothing yet 1,00"], "store": "Store 3"}, 300),
    ("update_pantry", {"items": [{"name": "thing 16"}, {"name": "thing 17", "have": False}]}, 150),
    ("update_pantry", {"items": [{"name": "quite another thing"}]}, NAMES + 100),
    ("save_recipe", {"name": "Stew", "items": ["1 kg thing 18", "thing 19", "thing 3001"]}, 50),
    ("save_plan", {"entries": [{"date": "2030-01-01", "recipe": "Stew"}, {"date": "2030-01-02", "text": "out"}]}, 50),
    ("apply_recipe", {"recipe": "Stew"}, 200),
    ("apply_recipe", {"plan_from": "2030-01-01", "plan_to": "2030-01-07"}, 300),
    ("import_items", {"data": _GROCY}, 110),  # looked at afterwards, the hundred that it recorded are there
    ("import_items", {"data": "name,price\nthing 20,2\nthing 3002,3\nthing from elsewhere,4\n"}, 200),
    ("undo", {"undo_ref": "latest"}, 100),
    ("save_list", {"list": "L1", "store": "Store 2"}, 50),
    ("record_purchase", {"items": ["20 EUR"], "paid_to": "Grandma (guest)"}, 50),
]
"""Calls of the tools that write, and how many rows of items and purchases their statements may read together, one
behind the other; those that look for a name in other words may look through all names, and an order is that of a whole
list."""

_SCANS: Final = ("Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan")


_KINDS: Final = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")


class Statements:
    """The statements that the service sent, with their values."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, tuple[object, ...]]] = []

    def follow(self, dbapi_connection: Any, record: object) -> None:
        driver: Any = dbapi_connection.driver_connection
        driver.add_query_logger(self.note)

    def note(self, query: LoggedQuery) -> None:
        self._note(str(query.query), tuple(query.args or ()))

    def note_core(
        self, connection: object, cursor: object, statement: str, values: Sequence[object], *_: object
    ) -> None:
        # SQLAlchemy runs what it compiles as prepared statements, which the driver's logger does not see.
        self._note(statement, tuple(values))

    def _note(self, statement: str, values: tuple[object, ...]) -> None:
        if statement.lstrip().startswith(_KINDS) and ("purchases" in statement or "items" in statement):
            self.sent.append((statement, values))


@pytest.fixture
async def large(database: DatabaseUrls, settings: Settings) -> Connected:
    """Ada, whose household is one of four that are as large."""
    engine = create_engine(database.service)
    factory = Factory(engine, settings)
    connection = await connect(database.superuser)
    households = [await factory.connected(name) for name in ("Bob", "Ada", "Cleo", "Dan")]
    for each in households:
        list_id: UUID = await connection.fetchval("SELECT id FROM lists WHERE household_id = $1", each.household_id)
        await connection.execute(_FILL[0], each.household_id, list_id)
        await connection.execute(_FILL[1], each.household_id, list_id, each.person.id)
        await finish_lists(connection, each.household_id)
    await connection.execute("ANALYZE purchases, items")
    await connection.close()
    await engine.dispose()
    return households[1]


@pytest.fixture
async def client(large: Connected, settings: Settings) -> AsyncGenerator[tuple[McpClient, Statements]]:
    statements = Statements()
    event.listen(Pool, "connect", statements.follow)
    event.listen(SyncEngine, "before_cursor_execute", statements.note_core)
    app = create_app(settings)
    try:
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=settings.public_url) as http,
        ):
            yield McpClient(http, large.token), statements
    finally:
        event.remove(Pool, "connect", statements.follow)
        event.remove(SyncEngine, "before_cursor_execute", statements.note_core)


async def test_no_tool_reads_items_or_purchases_of_others_or_more_than_it_must(
    client: tuple[McpClient, Statements], large: Connected, database: DatabaseUrls
) -> None:
    mcp, statements = client
    superuser = await connect(database.superuser)
    try:
        for tool, arguments, most in READS:
            statements.sent.clear()
            await mcp.result("tools/call", {"name": tool, "arguments": arguments})
            await anyio.lowlevel.checkpoint()
            assert 0 < await read_by(superuser, statements) <= most, (tool, arguments)
        # What is open is read once for all that is usual, also before the tables were analysed.
        await superuser.execute("DELETE FROM pg_statistic WHERE starelid IN ('items'::regclass, 'purchases'::regclass)")
        statements.sent.clear()
        await mcp.call("get_spending", show="usual")
        await anyio.lowlevel.checkpoint()
        statement, values = next(each for each in statements.sent if "HAVING" in each[0])
        plan = "\n".join(row[0] for row in await superuser.fetch(f"EXPLAIN {statement}", *values))
        assert "hashed SubPlan" in plan, plan
    finally:
        await superuser.close()


async def test_what_is_written_reads_no_more_than_it_changes(
    client: tuple[McpClient, Statements], large: Connected, database: DatabaseUrls
) -> None:
    """Others of the household wait while a call writes, so it must not read the household's past."""
    mcp, statements = client
    await mcp.call("invite_member", role="guest", name="Grandma")
    superuser = await connect(database.superuser)
    latest = ""
    try:
        for tool, arguments, most in WRITES:
            statements.sent.clear()
            given = {**arguments, "undo_ref": latest} if tool == "undo" else arguments
            answer = await mcp.call(tool, **given)
            assert answer.get("counts", {}).get("failed", 0) == 0, (tool, answer)
            latest = answer["undo_ref"]
            await anyio.lowlevel.checkpoint()
            assert await read_by(superuser, statements) <= most, (tool, arguments)
    finally:
        await superuser.close()


async def read_by(connection: Driver, statements: Statements) -> int:
    """Return how many rows statements looked at; none reads all rows of items or purchases, which are everybody's."""
    read = 0
    for statement, values in statements.sent:
        for table, kind, rows in await rows_read(connection, statement, values):
            assert not (kind == "Seq Scan" and table in ("purchases", "items")), statement
            read += rows
    return read


async def rows_read(connection: Driver, statement: str, values: tuple[object, ...]) -> list[tuple[str, str, int]]:
    """Return what each scan of a statement read: its table, its kind, and the rows that it looked at."""
    explain = "EXPLAIN (ANALYZE, FORMAT JSON)"
    attempt = connection.transaction()
    await attempt.start()
    try:
        explained = await connection.fetchval(f"{explain} {statement}", *values)
    except asyncpg.IntegrityConstraintViolationError:  # it has stored its rows already
        explained = None
    finally:
        await attempt.rollback()
    if explained is None:
        explained = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *values)
    return scans_of(json.loads(explained)[0]["Plan"])


def scans_of(step: dict[str, Any]) -> list[tuple[str, str, int]]:
    found: list[tuple[str, str, int]] = []
    if step["Node Type"] in _SCANS:
        rows = (
            step.get("Actual Rows", 0)
            + step.get("Rows Removed by Filter", 0)
            + step.get("Rows Removed by Index Recheck", 0)
        )
        found.append((step["Relation Name"], step["Node Type"], round(rows * step.get("Actual Loops", 0))))
    return found + [each for child in step.get("Plans", []) for each in scans_of(child)]
