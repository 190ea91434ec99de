"""What the statements about purchases read in a household with 100,000 of them and 10,000 items, beside three others
that are as large."""

import json
from collections.abc import AsyncGenerator
from typing import Any, Final
from uuid import UUID

import anyio
import httpx
import pytest
from asyncpg.connection import LoggedQuery
from sqlalchemy import event
from sqlalchemy.pool import Pool

from app.db import create_engine
from app.db.embedded import DatabaseUrls
from app.db.engine import Driver, connect
from app.main import create_app
from app.settings import Settings
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient

pytestmark = [pytest.mark.anyio, pytest.mark.own_database]

PURCHASES: Final = 100_000
ITEMS: Final = 10_000
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

CALLS: Final[dict[str, tuple[dict[str, Any], int]]] = {
    "the last purchase of a thing": ({"show": "purchases", "item": "thing 7", "limit": 1}, 120),
    "a page of purchases": ({"show": "purchases"}, 3_000),
    "a page of a week": ({"show": "purchases", "since": "2026-01-01", "until": "2027-01-01"}, 3_000),
    "the price of a thing": ({"item": "thing 7"}, 200),
    "a basket": ({"show": "basket"}, 6_000),
    "a name that was never bought": ({"item": "things galore", "show": "purchases"}, ALL),
    "everything by store": ({"group_by": "store"}, 3 * ALL),
    "everything by month": ({"group_by": "month"}, 4 * ALL),
    "what is usual": ({"show": "usual"}, 2 * ALL),
    "who owes whom": ({"show": "balances"}, ALL),
    "a list": ({"show": "purchases", "list": "L1"}, 3_000),
}
"""Questions, and how many rows their statements may read together."""

_SCANS: Final = ("Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan")


class Statements:
    """The statements that the service sent, with their values."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, tuple[object, ...]]] = []

    def follow(self, dbapi_connection: Any, record: object) -> None:
        driver: Any = dbapi_connection.driver_connection
        driver.add_query_logger(self.note)

    def note(self, query: LoggedQuery) -> None:
        statement = str(query.query)
        if statement.lstrip().startswith("SELECT") and ("FROM purchases" in statement or "items" in statement):
            self.sent.append((statement, tuple(query.args or ())))


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
    await connection.execute("ANALYZE purchases, items")
    await connection.close()
    await engine.dispose()
    return households[1]


@pytest.fixture
async def client(large: Connected, settings: Settings) -> AsyncGenerator[tuple[McpClient, Statements]]:
    statements = Statements()
    event.listen(Pool, "connect", statements.follow)
    app = create_app(settings)
    try:
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=settings.public_url) as http,
        ):
            yield McpClient(http, large.token), statements
    finally:
        event.remove(Pool, "connect", statements.follow)


async def test_no_question_reads_purchases_of_others_or_more_than_it_must(
    client: tuple[McpClient, Statements], large: Connected, database: DatabaseUrls
) -> None:
    mcp, statements = client
    superuser = await connect(database.superuser)
    try:
        for question, (arguments, most) in CALLS.items():
            statements.sent.clear()
            await mcp.result("tools/call", {"name": "get_spending", "arguments": arguments})
            await anyio.lowlevel.checkpoint()
            assert statements.sent, question
            read = 0
            for statement, values in statements.sent:
                for table, kind, rows in await rows_read(superuser, statement, values):
                    assert not (kind == "Seq Scan" and table in ("purchases", "items")), (question, statement)
                    read += rows
            assert 0 < read <= most, question
    finally:
        await superuser.close()


async def test_what_is_open_is_read_once_for_all_that_is_usual_also_before_tables_were_counted(
    client: tuple[McpClient, Statements], large: Connected, database: DatabaseUrls
) -> None:
    mcp, statements = client
    superuser = await connect(database.superuser)
    try:
        await superuser.execute("DELETE FROM pg_statistic WHERE starelid IN ('items'::regclass, 'purchases'::regclass)")
        statements.sent.clear()
        await mcp.result("tools/call", {"name": "get_spending", "arguments": {"show": "usual"}})
        await anyio.lowlevel.checkpoint()
        statement, values = next(each for each in statements.sent if "HAVING" in each[0])
        plan = "\n".join(row[0] for row in await superuser.fetch(f"EXPLAIN {statement}", *values))
        assert "hashed SubPlan" in plan, plan
    finally:
        await superuser.close()


async def rows_read(connection: Driver, statement: str, values: tuple[object, ...]) -> list[tuple[str, str, int]]:
    """Return what each scan of a statement read: its table, its kind, and the rows that it looked at."""
    explained = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", *values)
    return scans_of(json.loads(explained)[0]["Plan"])


def scans_of(step: dict[str, Any]) -> list[tuple[str, str, int]]:
    found: list[tuple[str, str, int]] = []
    if step["Node Type"] in _SCANS:
        rows = (
            step["Actual Rows"] + step.get("Rows Removed by Filter", 0) + step.get("Rows Removed by Index Recheck", 0)
        )
        found.append((step["Relation Name"], step["Node Type"], round(rows * step["Actual Loops"])))
    return found + [each for child in step.get("Plans", []) for each in scans_of(child)]
