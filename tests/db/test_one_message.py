"""A statement that sets its own household: what it shows, and that nothing stays behind.

Statements that store something are in tests/lists/test_writing_alone.py.
"""

from collections.abc import Sequence
from uuid import UUID

import anyio
import asyncpg
import pytest

from app.db import Engine, create_engine, new_id, open_transaction, transactions
from app.db.embedded import DatabaseUrls
from app.db.engine import CONTEXT, IN_CONTEXT, Driver, connect, takes_one_message
from app.db.transactions import fetch_alone
from app.errors import Unavailable

pytestmark = pytest.mark.anyio

NAMES = f"WITH {CONTEXT} SELECT name FROM lists WHERE {IN_CONTEXT} AND household_id = $1"
WITHOUT_SETTING = CONTEXT.replace("set_config('app.household_id', $1::uuid::text, true)", "$1::uuid::text")
"""A context that sets nothing: what every part sees if it runs too early."""


async def names(engine: Engine, household_id: UUID) -> list[str]:
    return [row["name"] for row in await fetch_alone(engine, household_id, NAMES)]


@pytest.mark.proves("""tn-one-message MUST own rule
    A statement that names its household itself shows rows of no other, and leaves nothing on the connection.
    Here: Its setting ends with the statement, and each part waits for it; docs/decisions/0019 has the argument.""")
async def test_it_shows_the_rows_of_its_household_and_leaves_no_household_behind(
    one_connection: Engine, households: tuple[UUID, UUID]
) -> None:
    for household_id in households:
        assert await names(one_connection, household_id) == ["Groceries"]
        async with open_transaction(one_connection) as opened:
            assert not await opened.driver.fetchval("SELECT current_setting('app.household_id', true)")
            assert await opened.driver.fetchval("SELECT count(*) FROM lists") == 0
    assert await names(one_connection, new_id()) == []
    await one_connection.dispose()


@pytest.mark.proves("tn-one-message")
async def test_a_part_that_runs_before_the_household_is_set_sees_nothing(
    one_connection: Engine, households: tuple[UUID, UUID]
) -> None:
    assert WITHOUT_SETTING != CONTEXT
    too_early = NAMES.replace(CONTEXT, WITHOUT_SETTING)
    assert await names(one_connection, households[0]) == ["Groceries"]
    assert list(await fetch_alone(one_connection, households[0], too_early)) == []
    await one_connection.dispose()


async def test_whether_it_works_is_tried_on_the_first_connection(
    database: DatabaseUrls, households: tuple[UUID, UUID]
) -> None:
    tried, refusing = create_engine(database.service), create_engine(database.service, one_message=False)
    assert not tried.takes_one_message
    for engine in (tried, refusing):
        async with open_transaction(engine, households[0]):
            pass
    assert (tried.takes_one_message, refusing.takes_one_message) == (True, False)
    await tried.dispose()
    await refusing.dispose()


async def test_a_statement_is_planned_once_and_not_for_each_household(
    one_connection: Engine, households: tuple[UUID, UUID]
) -> None:
    for household_id in households * 4:
        await names(one_connection, household_id)
    async with open_transaction(one_connection) as opened:
        planned = await opened.driver.fetchrow(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement = $1", NAMES
        )
    assert planned is not None
    assert tuple(planned) == (8, 0)
    await one_connection.dispose()


async def test_where_settings_do_not_travel_the_database_decides_when_to_plan(
    database: DatabaseUrls, households: tuple[UUID, UUID]
) -> None:
    engine = create_engine(database.service, one_message=False)
    async with open_transaction(engine, households[0]) as opened:
        assert await opened.driver.fetchval("SHOW plan_cache_mode") == "auto"
    await engine.dispose()


SETTINGS_THAT_STAY = "CREATE FUNCTION between.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS $$ {body} $$"


@pytest.mark.own_database
@pytest.mark.parametrize(
    "body",
    ["SELECT pg_catalog.set_config($1, $2, false)", "SELECT $2"],
    ids=["the setting stays", "the setting gets lost"],
)
async def test_it_is_not_used_where_the_setting_stays_or_gets_lost(database: DatabaseUrls, body: str) -> None:
    """As with a pooler or a coordinator between us and the rows."""
    owner = await connect(database.superuser)
    await owner.execute("CREATE SCHEMA between; GRANT USAGE ON SCHEMA between TO PUBLIC")
    await owner.execute(SETTINGS_THAT_STAY.format(body=body))
    await owner.close()
    service = await connect(database.service)
    assert await takes_one_message(service)
    await service.execute("SET search_path = between, pg_catalog, public")
    assert not await takes_one_message(service)
    await service.close()


@pytest.mark.own_database
async def test_a_lost_connection_is_replaced(
    one_connection: Engine, households: tuple[UUID, UUID], database: DatabaseUrls
) -> None:
    assert await names(one_connection, households[0]) == ["Groceries"]
    superuser = await connect(database.superuser)
    await superuser.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                            " AND pid <> pg_backend_pid()")  # fmt: skip
    await superuser.close()
    assert await names(one_connection, households[0]) == ["Groceries"]
    await one_connection.dispose()


async def test_a_cancelled_statement_leaves_its_connection_to_the_next(
    one_connection: Engine, households: tuple[UUID, UUID]
) -> None:
    sleeping = f"WITH {CONTEXT} SELECT pg_sleep(30) WHERE {IN_CONTEXT}"
    assert await names(one_connection, households[0]) == ["Groceries"]
    with anyio.move_on_after(0.05) as scope:
        await fetch_alone(one_connection, households[0], sleeping)
    assert scope.cancelled_caught
    with anyio.fail_after(10):
        assert await names(one_connection, households[1]) == ["Groceries"]
    await one_connection.dispose()


async def test_an_error_of_the_statement_is_raised_and_the_connection_goes_on(
    one_connection: Engine, households: tuple[UUID, UUID]
) -> None:
    failing = f"WITH {CONTEXT} SELECT 1 / 0 FROM lists WHERE {IN_CONTEXT}"
    with pytest.raises(asyncpg.DivisionByZeroError):
        await fetch_alone(one_connection, households[0], failing)
    assert await names(one_connection, households[0]) == ["Groceries"]
    await one_connection.dispose()


async def test_a_wait_for_a_connection_is_bounded(
    one_connection: Engine, households: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_connection.sync_engine.pool, "_timeout", 0.05)
    async with open_transaction(one_connection):
        with pytest.raises(Unavailable):
            await names(one_connection, households[0])
    assert await names(one_connection, households[0]) == ["Groceries"]
    await one_connection.dispose()


async def test_where_settings_do_not_travel_the_lock_has_a_message_of_its_own(
    database: DatabaseUrls, households: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    send = transactions._send  # pyright: ignore[reportPrivateUsage]
    sent: list[str] = []

    async def note(driver: Driver, message: str) -> str:
        sent.append(message)
        return await send(driver, message)

    monkeypatch.setattr(transactions, "_send", note)
    engine = create_engine(database.service, one_message=False)
    async with open_transaction(engine, households[0], write=True) as opened:
        rows: Sequence[asyncpg.Record] = await opened.driver.fetch("SELECT rev FROM clocks")
    assert [row["rev"] for row in rows] == [1]
    assert [message.partition(" ")[0] for message in sent] == ["BEGIN;", "UPDATE", "COMMIT"]
    await engine.dispose()


async def test_a_connection_that_its_caller_gives_up_before_it_is_ready_is_closed(
    database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Driver] = []

    async def wait_for_ever(driver: Driver) -> bool:
        made.append(driver)
        await anyio.sleep_forever()
        return True

    monkeypatch.setattr("app.db.engine.takes_one_message", wait_for_ever)
    engine = create_engine(database.service)
    with anyio.move_on_after(0.2) as scope:
        async with open_transaction(engine):
            pass
    assert scope.cancelled_caught
    assert [driver.is_closed() for driver in made] == [True]
    await engine.dispose()
