"""Looking at what was recorded."""

from typing import Any

from starlette.applications import Starlette

from app.audit.log import AuditLog
from app.db import Engine, transaction

# An id begins with its millisecond; rows of the same one were stored in the order in which they were made.
STORED = "SELECT * FROM audit_events ORDER BY left(id::text, 13), ctid"


async def stored(engine: Engine) -> list[dict[str, Any]]:
    """Every entry in the database, in the order in which they were made."""
    async with transaction(engine) as connection:
        return [dict(row) for row in (await connection.exec_driver_sql(STORED)).mappings()]


async def recorded(engine: Engine, log: AuditLog, *actions: str) -> list[dict[str, Any]]:
    """The entries of these actions (all, when none is named), after those that wait were written."""
    await log.write()
    return [row for row in await stored(engine) if not actions or row["action"] in actions]


def log_of(app: Starlette) -> AuditLog:
    """The audit log of an application."""
    return app.state.audit


def only(row: dict[str, Any], *names: str) -> tuple[Any, ...]:
    """Some columns of a row."""
    return tuple(row[name] for name in names)
