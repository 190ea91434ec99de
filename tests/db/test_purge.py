"""Deleting what is old: in bounds, and never what was used again meanwhile."""

from datetime import UTC, datetime, timedelta

import anyio
import pytest
from sqlalchemy import insert, select, update

from app.db import Connection, Engine, transaction
from app.db.embedded import DatabaseUrls
from app.db.purge import delete_old, in_batches
from app.people.tables import attempts
from tests.db.locks import until_somebody_waits

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


async def leave_counters(engine: Engine, number: int) -> None:
    row = {"failures": 1, "counted_at": NOW, "next_at": NOW, "expires_at": NOW}
    async with transaction(engine) as connection:
        await connection.execute(insert(attempts), [{"key_hash": bytes([each]), **row} for each in range(number)])


async def counters(engine: Engine) -> list[bytes]:
    async with transaction(engine) as connection:
        return list((await connection.execute(select(attempts.c.key_hash))).scalars())


async def test_batches_and_their_number_have_a_bound(engine: Engine) -> None:
    await leave_counters(engine, 7)

    async def delete_two(connection: Connection) -> int:
        return await delete_old(connection, attempts, attempts.c.failures > 0, 2)

    assert await in_batches(engine, delete_two, most_batches=2) == 4
    assert await in_batches(engine, delete_two) == 3


async def test_a_counter_that_is_renewed_meanwhile_stays(engine: Engine, database: DatabaseUrls) -> None:
    await leave_counters(engine, 2)
    deleted: list[int] = []

    async def purge() -> None:
        async with transaction(engine) as connection:
            deleted.append(await delete_old(connection, attempts, attempts.c.expires_at <= NOW))

    async with anyio.create_task_group() as tasks, transaction(engine) as connection:
        renewed = update(attempts).where(attempts.c.key_hash == bytes([1])).values(expires_at=NOW + timedelta(hours=1))
        await connection.execute(renewed)
        async with until_somebody_waits(database):
            tasks.start_soon(purge)
    assert deleted == [1]
    assert await counters(engine) == [bytes([1])]
