"""One busy household leaves connections to the others."""

from dataclasses import replace

import anyio
import pytest
from sqlalchemy import text

from app.db import Engine, create_engine, transaction, transactions
from app.db.embedded import DatabaseUrls
from app.db.engine import CONTEXT, IN_CONTEXT, POOL_SIZE
from app.db.transactions import fetch_alone, take_turn
from app.errors import Unavailable
from app.limits.defaults import CONNECTIONS, WAITING_WRITERS, WRITERS
from app.settings import Settings
from tests.factory import Factory

pytestmark = pytest.mark.anyio

CALLS = 8


@pytest.fixture
def few_connections(database: DatabaseUrls) -> Engine:
    """An engine with one connection more than one household may have."""
    return create_engine(database.service, pool_size=WRITERS.at_once + 1)


async def test_writers_of_one_household_take_no_connection_from_another(
    engine: Engine, settings: Settings, few_connections: Engine
) -> None:
    factory = Factory(engine, settings)
    busy, other = (await factory.person("Ada"))[1], (await factory.person("Eve"))[1]
    go = anyio.Event()
    revisions: list[int] = []

    async def write() -> None:
        async with transaction(few_connections, busy, write=True) as connection:
            await go.wait()
            revisions.append((await connection.execute(text("SELECT rev FROM clocks"))).scalar_one())

    async with anyio.create_task_group() as tasks:
        for _ in range(CALLS):
            tasks.start_soon(write)
        await anyio.lowlevel.checkpoint()
        async with transaction(few_connections, other, write=True) as connection:
            assert (await connection.execute(text("SELECT count(*) FROM lists"))).scalar_one() == 1
        assert revisions == []
        go.set()
    assert revisions == list(range(revisions[0], revisions[0] + CALLS))
    await few_connections.dispose()


async def test_who_waits_too_long_for_a_turn_is_told_to_come_again(
    engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "WRITERS", replace(WRITERS, seconds=0.01))
    household_id = (await Factory(engine, settings).person("Ada"))[1]

    async def hold() -> None:
        async with transaction(engine, household_id, write=True):
            await anyio.sleep_forever()

    async with anyio.create_task_group() as tasks:
        for _ in range(WRITERS.at_once):
            tasks.start_soon(hold)
        await anyio.lowlevel.checkpoint()
        with pytest.raises(Unavailable) as refusal:
            async with transaction(engine, household_id, write=True):
                pass
        assert refusal.value.retry_after == 2
        async with transaction(engine, household_id):
            pass
        tasks.cancel_scope.cancel()


async def test_no_more_than_so_many_wait_and_one_more_is_told_at_once(engine: Engine, settings: Settings) -> None:
    household_id = (await Factory(engine, settings).person("Ada"))[1]
    written: list[int] = []

    async def write(number: int) -> None:
        async with transaction(engine, household_id, write=True):
            written.append(number)

    async with anyio.create_task_group() as tasks:
        with await take_turn(household_id):
            for number in range(WAITING_WRITERS.at_once):
                tasks.start_soon(write, number)
            await anyio.lowlevel.checkpoint()
            with pytest.raises(Unavailable, match="waiting already") as refusal:
                await take_turn(household_id)
            assert refusal.value.retry_after == 2
            with pytest.raises(Unavailable, match="waiting already"):
                await write(-1)
        assert written == []
    assert written == list(range(WAITING_WRITERS.at_once))
    with await take_turn(household_id):
        pass


async def test_readers_of_one_household_leave_connections_to_the_others(engine: Engine, settings: Settings) -> None:
    factory = Factory(engine, settings)
    busy, other = (await factory.person("Ada"))[1], (await factory.person("Eve"))[1]
    statement = f"WITH {CONTEXT} SELECT count(*) FROM lists WHERE {IN_CONTEXT} AND household_id = $1"
    go = anyio.Event()
    read: list[int] = []

    async def hold() -> None:
        async with transaction(engine, busy):
            await go.wait()

    async def read_alone() -> None:
        read.append((await fetch_alone(engine, busy, statement))[0][0])

    async with anyio.create_task_group() as tasks:
        for _ in range(3 * POOL_SIZE):
            tasks.start_soon(hold)
        for _ in range(POOL_SIZE):
            tasks.start_soon(read_alone)
        with anyio.fail_after(CONNECTIONS.seconds or 0):
            assert (await fetch_alone(engine, other, statement))[0][0] == 1
            async with transaction(engine, other, write=True):
                pass
        assert read == []
        go.set()
    assert read == [1] * POOL_SIZE
    assert CONNECTIONS.at_once < POOL_SIZE


async def test_who_waits_too_long_for_a_connection_of_the_household_is_told_to_come_again(
    engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "CONNECTIONS", replace(CONNECTIONS, seconds=0.01))
    household_id = (await Factory(engine, settings).person("Ada"))[1]

    async def hold() -> None:
        async with transaction(engine, household_id):
            await anyio.sleep_forever()

    async with anyio.create_task_group() as tasks:
        for _ in range(CONNECTIONS.at_once):
            tasks.start_soon(hold)
        await anyio.lowlevel.checkpoint()
        with pytest.raises(Unavailable):
            await fetch_alone(engine, household_id, f"WITH {CONTEXT} SELECT 1")
        with pytest.raises(Unavailable):
            async with transaction(engine, household_id, write=True):
                pass
        tasks.cancel_scope.cancel()
    assert await fetch_alone(engine, household_id, f"WITH {CONTEXT} SELECT 1")
