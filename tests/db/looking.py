"""Looking at what is in a database, and changing what the service may not."""

from typing import Any

from sqlalchemy import Executable, Table, func, select

from app.db import Engine, create_engine, transaction
from app.db.engine import connect


async def count(engine: Engine, table: Table) -> int:
    """How many rows a table has for the service."""
    async with transaction(engine) as connection:
        return (await connection.execute(select(func.count()).select_from(table))).scalar_one()


async def rows(url: str, query: str) -> list[dict[str, Any]]:
    """Return the rows of a query, as the role in `url` sees them."""
    connection = await connect(url)
    try:
        return [dict(row.items()) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def change(url: str, statement: Executable) -> None:
    """Run a statement as the role in `url`."""
    engine = create_engine(url)
    try:
        async with transaction(engine) as connection:
            await connection.execute(statement)
    finally:
        await engine.dispose()
