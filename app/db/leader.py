"""One process at a time: a lock of the database that ends with its transaction."""

from sqlalchemy import func, select

from app.db.engine import Connection


async def try_lead(connection: Connection, key: int) -> bool:
    """Take the lock `key` for as long as the transaction lasts; False when another one holds it."""
    return bool((await connection.execute(select(func.pg_try_advisory_xact_lock(key)))).scalar_one())
