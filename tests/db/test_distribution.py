"""Rule 6: the migrations, run where Citus is: each table is distributed as soon as it is there, parents first.

Citus itself is not here. A stand-in has its name and its two functions, which note how they are called; what Citus
then makes of a table is not tested.
"""

import asyncio
from uuid import uuid4

import pytest

from app.db import create_engine
from app.db.embedded import DatabaseUrls
from app.db.engine import connect
from app.db.migrations import migrate
from tests.conftest import Cluster
from tests.db.looking import rows
from tests.db.statements import TENANT

STAND_IN = """
    CREATE TABLE calls (no integer GENERATED ALWAYS AS IDENTITY, name text, key text, tables text[]);
    CREATE FUNCTION called(name text, key text) RETURNS void LANGUAGE sql AS $$
        INSERT INTO calls (name, key, tables) SELECT name, key, array_agg(relname) FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname NOT IN ('calls', 'alembic_version')
    $$;
    CREATE FUNCTION create_distributed_table(name text, key text) RETURNS void LANGUAGE sql
        AS $$ SELECT called(name, key) $$;
    CREATE FUNCTION create_reference_table(name text) RETURNS void LANGUAGE sql
        AS $$ SELECT called(name, NULL) $$;
"""
NAMED_CITUS = """
    SET allow_system_table_mods = on;
    INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
    VALUES (99999, 'citus', 10, 'public'::regnamespace, false, '1');
"""


async def run(url: str, statements: str) -> None:
    connection = await connect(url)
    try:
        await connection.execute(statements)
    finally:
        await connection.close()


@pytest.fixture
def citus(cluster: Cluster) -> DatabaseUrls:
    """An empty database with the stand-in."""
    empty = cluster.server.create_database(f"citus_{uuid4().hex}")
    asyncio.run(run(empty.owner, STAND_IN))
    asyncio.run(run(empty.superuser, NAMED_CITUS))
    return empty


def test_each_table_is_distributed_before_the_next_one_is_made(citus: DatabaseUrls) -> None:
    migrate(citus.owner, citus.service)
    calls = asyncio.run(rows(citus.superuser, "SELECT name, key, tables FROM calls ORDER BY no"))
    for number, call in enumerate(calls):
        assert set(call["tables"]) == {each["name"] for each in calls[: number + 1]}, call
    assert {call["name"]: call["key"] for call in calls if call["key"]} == dict.fromkeys(TENANT, "household_id")
    made = asyncio.run(rows(citus.superuser, "SELECT * FROM pg_tables WHERE schemaname = 'public'"))
    assert {each["tablename"] for each in made} == {call["name"] for call in calls} | {"calls", "alembic_version"}


@pytest.mark.anyio
async def test_two_statements_in_one_execute_are_refused(database: DatabaseUrls) -> None:
    """One DDL statement per execute: the driver holds it, for the migrations as for everything else."""
    engine = create_engine(database.service)
    async with engine.connect() as connection:
        with pytest.raises(Exception, match="multiple commands"):
            await connection.exec_driver_sql("SELECT 1; SELECT 2")
    await engine.dispose()
