"""The SQL that the service sends, in its transactions; and what PostgreSQL makes of a statement."""

import asyncio
import json
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from asyncpg.connection import LoggedQuery
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import Engine as SyncEngine
from sqlalchemy import event
from sqlalchemy.pool import Pool

from app.db.engine import Driver, connect

TENANT: Final = (
    "clocks",
    "lists",
    "items",
    "events",
    "purchases",
    "settlements",
    "aisles",
    "departures",
    "habits",
    "pantry",
    "recipes",
    "recipe_lines",
    "planned_meals",
)
"""Every table whose rows belong to a household, for all tests that go through them."""


@dataclass(frozen=True)
class Transaction:
    """The statements of one transaction, in order, and the call that they belong to."""

    call: str
    statements: list[str] = field(default_factory=list[str])


@dataclass
class Recorder:
    """What was sent on any connection of this process; `call` says what for."""

    call: str = ""
    transactions: list[Transaction] = field(default_factory=list[Transaction])
    _open: dict[int, Transaction] = field(default_factory=dict[int, Transaction])

    def note(self, connection: int, message: str) -> None:
        """A message on a connection; the one with BEGIN holds several statements (app/db/engine.py)."""
        first, *others = message.split("; ")
        if first == "BEGIN":
            self._open[connection] = Transaction(self.call, others)
            self.transactions.append(self._open[connection])
        elif message in ("COMMIT", "ROLLBACK"):
            del self._open[connection]
        elif connection in self._open:
            self._open[connection].statements.append(message)
        else:  # a transaction of its own
            self.transactions.append(Transaction(self.call, [message]))


@contextmanager
def recording() -> Generator[Recorder]:
    """Record while the block runs, on the connections that are opened in it."""
    recorder = Recorder()

    def follow(dbapi_connection: Any, record: object) -> None:
        driver: Any = dbapi_connection.driver_connection

        def note(query: LoggedQuery) -> None:
            recorder.note(id(driver), str(query.query))

        driver.add_query_logger(note)

    def note_core(connection: SyncConnection, cursor: object, statement: str, *_: object) -> None:
        # SQLAlchemy runs what it compiles as prepared statements, which the driver's logger does not see. The driver
        # calls its logger soon, so this must wait in the same queue, or the order would be lost.
        adapted: Any = connection.connection.dbapi_connection
        asyncio.get_running_loop().call_soon(recorder.note, id(adapted.driver_connection), statement)

    event.listen(Pool, "connect", follow)
    event.listen(SyncEngine, "before_cursor_execute", note_core)
    try:
        yield recorder
    finally:
        event.remove(Pool, "connect", follow)
        event.remove(SyncEngine, "before_cursor_execute", note_core)


@dataclass(frozen=True)
class Node:
    """A step of a plan: its kind, the table that it reads or writes, and the conditions on the rows."""

    kind: str
    operation: str
    table: str
    conditions: str


async def plans_of(superuser_url: str, statements: Iterable[str]) -> dict[str, list[Node]]:
    """Every step of the plan of each statement, parameters unknown and without row-level security."""
    connection = await connect(superuser_url)
    try:
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        return {statement: await _plan_of(connection, statement) for statement in statements}
    finally:
        await connection.close()


async def _plan_of(connection: Driver, statement: str) -> list[Node]:
    await connection.execute(f"PREPARE planned AS {statement}")
    number: int = await connection.fetchval(
        "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'planned'"
    )
    values = f"({', '.join(['NULL'] * number)})" if number else ""
    plan = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE planned{values}"))
    await connection.execute("DEALLOCATE planned")
    return _nodes(plan[0]["Plan"])


def _nodes(step: dict[str, Any]) -> list[Node]:
    conditions = " ".join(str(step[name]) for name in ("Index Cond", "Recheck Cond", "Filter") if name in step)
    node = Node(step["Node Type"], step.get("Operation", ""), step.get("Relation Name", ""), conditions)
    return [node] + [each for child in step.get("Plans", []) for each in _nodes(child)]
