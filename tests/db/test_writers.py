"""One busy household leaves connections to the others."""

from dataclasses import replace

import anyio
import pytest
from sqlalchemy import text

from app.db import Engine, create_engine, transaction, transactions
from app.db.embedded import DatabaseUrls
from app.errors import Unavailable
from app.limits.defaults import WRITERS
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
