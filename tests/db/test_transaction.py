"""The transaction: what it shows, what it commits, and that nothing leaks from one household to the next."""

import asyncio
from uuid import UUID

import asyncpg
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from app.db import (
    CommittedError,
    Connection,
    Engine,
    create_engine,
    new_id,
    open_transaction,
    transaction,
    transactions,
)
from app.db.embedded import DatabaseUrls
from app.db.engine import Driver, connect
from app.db.startup import refuse_powerful_role
from app.errors import StartupError, Unavailable
from app.settings import Settings

pytestmark = pytest.mark.anyio


async def context_of(connection: Connection) -> str | None:
    return (await connection.execute(text("SELECT current_setting('app.household_id', true)"))).scalar()


async def rename_lists(connection: Connection, name: str) -> None:
    await connection.execute(text("UPDATE lists SET name = :name"), {"name": name})


async def names_in(engine: Engine, household_id: UUID) -> list[str]:
    async with transaction(engine, household_id) as connection:
        return list((await connection.execute(text("SELECT name FROM lists"))).scalars())


async def test_a_finished_block_is_committed(engine: Engine, households: tuple[UUID, UUID]) -> None:
    ada, eve = households
    async with transaction(engine, ada, write=True) as connection:
        await rename_lists(connection, "Renamed")
    assert await names_in(engine, ada) == ["Renamed"]
    assert await names_in(engine, eve) == ["Groceries"]


async def test_an_exception_rolls_back(engine: Engine, households: tuple[UUID, UUID]) -> None:
    async def fail() -> None:
        async with transaction(engine, households[0], write=True) as connection:
            await rename_lists(connection, "Renamed")
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await names_in(engine, households[0]) == ["Groceries"]


async def test_a_committed_error_stores_what_was_written_and_is_raised(
    engine: Engine, households: tuple[UUID, UUID]
) -> None:
    calls: list[str] = []

    async def refuse() -> None:
        async with transaction(
            engine, households[0], write=True, committed=lambda: calls.append("stored")
        ) as connection:
            await rename_lists(connection, "Renamed")
            raise CommittedError("refused")

    with pytest.raises(CommittedError, match="refused"):
        await refuse()
    assert await names_in(engine, households[0]) == ["Renamed"]
    assert calls == ["stored"]


async def test_a_committed_error_whose_transaction_can_not_be_committed_is_unavailable(
    engine: Engine, households: tuple[UUID, UUID]
) -> None:
    calls: list[str] = []

    async def refuse() -> None:
        async with open_transaction(
            engine, households[0], write=True, committed=lambda: calls.append("stored")
        ) as opened:
            await rename_lists(opened.connection, "half")
            with pytest.raises(asyncpg.DivisionByZeroError):
                await opened.driver.execute("SELECT 1 / 0")
            raise CommittedError("refused")

    with pytest.raises(Unavailable):
        await refuse()
    assert await names_in(engine, households[0]) == ["Groceries"]
    assert calls == []


async def test_a_write_holds_the_lock_of_its_household_only(engine: Engine, households: tuple[UUID, UUID]) -> None:
    ada, eve = households
    async with transaction(engine, ada, write=True) as connection:
        rev = (await connection.execute(text("SELECT rev FROM clocks"))).scalar()
        async with transaction(engine, eve, write=True):
            pass
        async with transaction(engine, ada) as reader:
            seen = (await reader.execute(text("SELECT rev FROM clocks"))).scalar()
    assert (rev, seen) == (1, 0)


async def test_eight_writers_lose_no_update(engine: Engine, households: tuple[UUID, UUID]) -> None:
    async def write() -> None:
        for _ in range(10):
            async with open_transaction(engine, households[0], write=True) as opened:
                next_item = await opened.driver.fetchval("SELECT next_item FROM clocks")
                await opened.driver.execute("UPDATE clocks SET next_item = $1", next_item + 1)

    await asyncio.gather(*(write() for _ in range(8)))
    async with transaction(engine, households[0]) as connection:
        row = (await connection.execute(text("SELECT rev, next_item FROM clocks"))).one()
    assert tuple(row) == (80, 81)


async def test_a_connection_that_comes_back_has_no_household(
    one_connection: Engine, households: tuple[UUID, UUID]
) -> None:
    async with transaction(one_connection, households[0]) as connection:
        assert await context_of(connection) == str(households[0])
    async with transaction(one_connection) as connection:
        assert not await context_of(connection)
        assert (await connection.execute(text("SELECT count(*) FROM lists"))).scalar() == 0
    await one_connection.dispose()


STAGES = [
    ("BEGIN", "before", "Groceries"),
    ("BEGIN", "after", "Groceries"),
    ("COMMIT", "before", "whole"),
    ("COMMIT", "after", "whole"),
    ("ROLLBACK", "before", "Groceries"),
    ("ROLLBACK", "after", "Groceries"),
]
"""A message of the transaction, the side of it on which the task is cancelled, and what is stored in the end: a COMMIT
that was begun is carried out."""


@pytest.mark.proves("""tn-pool MUST own rule
    A cancelled request leaves nothing for the next household.
    Here: Connections that come back inside a transaction are thrown away.""")
@pytest.mark.parametrize(("message", "side", "stored"), STAGES)
async def test_a_cancel_at_any_stage_leaves_nothing_for_the_next_household(
    one_connection: Engine,
    households: tuple[UUID, UUID],
    monkeypatch: pytest.MonkeyPatch,
    message: str,
    side: str,
    stored: str,
) -> None:
    ada, eve = households
    await names_in(one_connection, ada)  # connected, so that the stages follow one another at once
    send = transactions._send  # pyright: ignore[reportPrivateUsage]
    reached: list[str] = []

    async def batch() -> None:
        async with transaction(one_connection, ada, write=True) as connection:
            await rename_lists(connection, "half")
            await rename_lists(connection, "whole")
            if message == "ROLLBACK":
                raise LookupError

    async def cancelling(driver: Driver, text: str) -> str:
        def cancel() -> None:
            if text.startswith(message):
                reached.append(text)
                task.cancel()

        if side == "before":
            cancel()
        tag = await send(driver, text)
        if side == "after":
            cancel()
        return tag

    with monkeypatch.context() as patch:
        patch.setattr(transactions, "_send", cancelling)
        task = asyncio.create_task(batch())
        with pytest.raises(asyncio.CancelledError):
            await task
    assert len(reached) == 1
    assert one_connection.pool.checkedout() == 0  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    async with transaction(one_connection, eve, write=True) as connection:
        assert await context_of(connection) == str(eve)
        await rename_lists(connection, "Eve's")
    assert await names_in(one_connection, ada) == [stored]
    assert await names_in(one_connection, eve) == ["Eve's"]
    await one_connection.dispose()


async def test_a_connection_lost_during_commit_leaves_the_outcome_unknown_and_says_so(
    engine: Engine, database: DatabaseUrls, households: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    send = transactions._send  # pyright: ignore[reportPrivateUsage]

    async def losing(driver: Driver, text: str) -> str:
        if text == "COMMIT":
            await send(driver, "SELECT pg_terminate_backend(pg_backend_pid())")
        return await send(driver, text)

    async def write() -> None:
        async with transaction(engine, households[0], write=True) as connection:
            await rename_lists(connection, "half")

    with monkeypatch.context() as patch:
        patch.setattr(transactions, "_send", losing)
        with pytest.raises(Unavailable, match="not known whether the change was saved"):
            await write()
    assert await names_in(engine, households[0]) == ["Groceries"]


@pytest.mark.parametrize(("message", "is_stored"), [("BEGIN", False), ("COMMIT", True)])
async def test_what_is_stored_is_told_even_when_the_caller_is_cancelled(
    engine: Engine,
    households: tuple[UUID, UUID],
    monkeypatch: pytest.MonkeyPatch,
    message: str,
    is_stored: bool,
) -> None:
    calls: list[str] = []
    send = transactions._send  # pyright: ignore[reportPrivateUsage]

    async def write() -> None:
        async with transaction(
            engine, households[0], write=True, committed=lambda: calls.append("stored")
        ) as connection:
            await rename_lists(connection, "stored")
            assert not calls

    async def cancelling(driver: Driver, text: str) -> str:
        if text.startswith(message):
            task.cancel()
        return await send(driver, text)

    with monkeypatch.context() as patch:
        patch.setattr(transactions, "_send", cancelling)
        task = asyncio.create_task(write())
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (await names_in(engine, households[0]) == ["stored"]) is is_stored
    assert calls == (["stored"] if is_stored else [])


async def test_what_is_rolled_back_is_not_told(engine: Engine, households: tuple[UUID, UUID]) -> None:
    calls: list[str] = []
    with pytest.raises(ZeroDivisionError):
        async with transaction(engine, households[0], write=True, committed=lambda: calls.append("stored")):
            raise ZeroDivisionError
    assert calls == []


async def test_a_cancel_in_mid_batch_stores_nothing(one_connection: Engine, households: tuple[UUID, UUID]) -> None:
    ada, eve = households
    reached = asyncio.Event()

    async def batch() -> None:
        async with open_transaction(one_connection, ada, write=True) as opened:
            await rename_lists(opened.connection, "half")
            reached.set()
            await opened.driver.execute("SELECT pg_sleep(30)")

    task = asyncio.create_task(batch())
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with transaction(one_connection, eve, write=True) as connection:
        await rename_lists(connection, "Eve's")
    assert await names_in(one_connection, ada) == ["Groceries"]
    await one_connection.dispose()


async def cut(database: DatabaseUrls) -> None:
    """End every connection of the service role, as a restart of Postgres does."""
    admin = await connect(database.superuser)
    await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'shopping_service'")
    await admin.close()


async def test_stale_connections_are_replaced_without_an_error(
    engine: Engine, database: DatabaseUrls, households: tuple[UUID, UUID]
) -> None:
    async def use() -> None:
        async with transaction(engine, households[0]) as connection:
            await connection.execute(text("SELECT pg_sleep(0.05)"))

    await asyncio.gather(*(use() for _ in range(5)))
    await cut(database)
    await asyncio.gather(*(use() for _ in range(5)))


async def test_a_connection_cut_in_the_middle_is_unavailable_and_stores_nothing(
    engine: Engine, database: DatabaseUrls, households: tuple[UUID, UUID]
) -> None:
    async def interrupted() -> None:
        async with transaction(engine, households[0], write=True) as connection:
            await rename_lists(connection, "half")
            await cut(database)

    with pytest.raises(Unavailable) as refusal:
        await interrupted()
    assert refusal.value.retry_after
    assert await names_in(engine, households[0]) == ["Groceries"]


async def test_an_aborted_transaction_does_not_report_success(engine: Engine, households: tuple[UUID, UUID]) -> None:
    async def swallow() -> None:
        async with open_transaction(engine, households[0], write=True) as opened:
            await rename_lists(opened.connection, "half")
            with pytest.raises(asyncpg.DivisionByZeroError):
                await opened.driver.execute("SELECT 1 / 0")

    with pytest.raises(Unavailable):
        await swallow()
    assert await names_in(engine, households[0]) == ["Groceries"]


async def test_a_full_pool_is_unavailable_after_a_bounded_wait(
    database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.db.engine.POOL_WAIT_SECONDS", 0.05)
    engine = create_engine(database.service, pool_size=1)

    async def second() -> None:
        async with transaction(engine):
            pass

    async with transaction(engine):
        with pytest.raises(Unavailable):
            await second()
    await engine.dispose()


async def test_a_database_that_is_away_is_unavailable() -> None:
    engine = create_engine("postgresql://nobody:x@127.0.0.1:1/nothing")

    async def use() -> None:
        async with transaction(engine):
            pass

    with pytest.raises(Unavailable):
        await use()
    await engine.dispose()


@pytest.mark.parametrize("role", ["superuser", "owner"])
async def test_a_role_that_sees_past_the_policies_is_refused(database: DatabaseUrls, role: str) -> None:
    engine = create_engine(getattr(database, role))
    with pytest.raises(StartupError, match=r"DATABASE_URL"):
        await refuse_powerful_role(engine)
    await engine.dispose()


async def test_a_role_with_bypassrls_is_refused(database: DatabaseUrls) -> None:
    admin = await connect(database.superuser)
    name = f"bypass_{new_id().hex}"
    await admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'x' BYPASSRLS")
    await admin.execute(
        f'GRANT CONNECT ON DATABASE "{database.service.rpartition("/")[2].partition("?")[0]}" TO {name}'
    )
    head, _, tail = database.service.partition("@")
    engine = create_engine(f"{head.partition('://')[0]}://{name}:x@{tail}")
    with pytest.raises(StartupError, match="BYPASSRLS"):
        await refuse_powerful_role(engine)
    await engine.dispose()
    await admin.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")
    await admin.close()


async def test_the_service_role_is_accepted(engine: Engine) -> None:
    await refuse_powerful_role(engine)


def test_secrets_do_not_show_in_settings(settings: Settings) -> None:
    assert isinstance(settings.database_url, SecretStr)
    assert settings.database_url.get_secret_value() not in repr(settings)
