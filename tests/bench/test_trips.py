"""Trips are counted by their rules, and are really made."""

import asyncio
import inspect
import re
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import anyio.to_thread
import pytest
from sqlalchemy import text
from sqlalchemy.util import greenlet_spawn

from app.db import Engine, new_id
from app.db.transactions import open_transaction
from app.lists.items.add import add_items
from app.settings import Settings
from bench.recorder import Call, Trip, recording, watching
from bench.trips import TRIPS, details, record_trips, table
from tests.service import ROOT

pytestmark = pytest.mark.anyio

HERE = Path(__file__)


def plain() -> int:
    return sum([number * 2 for number in range(3)]) + sum(number for number in range(3))


async def resumed() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


def generated() -> Generator[int]:
    yield from range(3)


async def generated_with_waiting() -> AsyncGenerator[int]:
    for number in range(3):
        await asyncio.sleep(0)
        yield number


async def interrupted() -> None:
    try:
        await asyncio.Event().wait()
    finally:
        plain()


HEADINGS = {
    "add_items": "A call of add_items",
    "authorize": "An authorization request, to the code",
    "refresh": "A refresh",
    "undo": "An undo",
}


def places(heading: str) -> list[str]:
    """Return the files of app/ that docs/architecture.md links to below a heading."""
    _, section = (ROOT / "docs/architecture.md").read_text().split(f"\n### {heading}\n")
    return re.findall(r"\(\.\./(app/[\w/]+\.py)\)", section.split("\n#")[0])


def names(trip: Trip) -> list[str]:
    return [call.function for call in trip.calls]


@pytest.fixture
def watched() -> Generator[None]:
    """Watch what the functions of this directory do."""
    with watching(HERE.parent):
        yield


@pytest.mark.usefixtures("watched")
async def test_a_function_coroutine_or_generator_counts_once_however_often_it_is_resumed() -> None:
    with recording() as trip:
        plain()
        await resumed()
        assert list(generated()) == [0, 1, 2]
        assert [each async for each in generated_with_waiting()] == [0, 1, 2]
        (lambda: None)()
    assert names(trip)[:4] == ["plain", "resumed", "generated", "generated_with_waiting"]
    assert names(trip)[4].endswith("<lambda>")
    assert len(trip.calls) == 5
    assert trip.calls[0] == Call("bench/test_trips.py", "plain")
    assert trip.files == ["bench/test_trips.py"]


@pytest.mark.usefixtures("watched")
async def test_a_coroutine_that_is_cancelled_or_never_runs_is_not_called_again() -> None:
    with recording() as trip:
        task = asyncio.create_task(interrupted())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        resumed().close()
    assert names(trip) == ["interrupted", "plain"]


@pytest.mark.usefixtures("watched")
async def test_tasks_threads_and_greenlets_of_the_block_count_and_others_do_not() -> None:
    beside = asyncio.create_task(resumed())
    with recording() as trip:
        await asyncio.gather(beside, asyncio.create_task(generated_with_waiting().__anext__()))
        await anyio.to_thread.run_sync(plain)
        await greenlet_spawn(plain)
    plain()
    assert names(trip) == ["generated_with_waiting", "plain", "plain"]


async def test_nothing_is_recorded_outside_of_watching_nor_of_other_directories() -> None:
    with recording() as trip:
        plain()
        with watching(HERE.parent / "elsewhere"):
            plain()
    assert trip == Trip()


@pytest.mark.usefixtures("watched")
async def test_sql_counts_however_it_is_executed(engine: Engine) -> None:
    household_id = new_id()
    async with open_transaction(engine):  # connects
        pass
    with recording() as trip:
        async with open_transaction(engine, household_id) as opened:
            await opened.connection.execute(text("SELECT 1"))
            await opened.driver.execute("SELECT '2; 3'")
            await opened.driver.fetchval("SELECT $1::text", "4")
            await opened.driver.executemany("SELECT $1::integer", [(5,), (6,)])
            prepared = await opened.driver.prepare("SELECT 7")
            assert await prepared.fetch() == await prepared.fetch()
            assert [each async for each in opened.driver.cursor("SELECT 8")] == [(8,)]
            await opened.driver.cursor("SELECT 9")
    numbered = [f"SELECT {number}" for number in (7, 7, 8, 9)]
    sent = ["SELECT 1", "SELECT '2; 3'", "SELECT $1::text", "SELECT $1::integer", *numbered]
    setting = f"SET LOCAL app.household_id = '{household_id}'"
    assert trip.messages == [f"BEGIN; {setting}", *sent, "COMMIT"]
    assert trip.statements == [setting, *sent]
    assert trip.boundaries == ["BEGIN", "COMMIT"]


@pytest.mark.usefixtures("watched")
async def test_sql_of_other_tasks_does_not_count(engine: Engine) -> None:
    async def read() -> None:
        async with open_transaction(engine) as opened:
            await opened.driver.execute("SELECT 1")

    beside = asyncio.create_task(read())
    with recording() as trip:
        await beside
    assert trip.messages == []


async def test_each_trip_is_made_and_recorded(settings: Settings) -> None:
    trips = await record_trips(settings)

    def executed(trip: str, statement: str) -> int:
        return sum(each.count(statement) for each in trips[trip].statements)

    assert list(trips) == list(TRIPS)
    assert executed("add_items", "INSERT INTO items") == 1
    assert executed("list_items", "FROM items") > 0
    assert not any(executed("list_items", verb) for verb in ("INSERT", "UPDATE", "DELETE"))
    assert executed("refresh", "INSERT INTO refresh_tokens") == 1
    assert executed("undo", "UPDATE events SET undone_by") == 1
    for table_name in ("authorization_requests", "sessions", "grants", "codes"):
        assert executed("authorize", f"INSERT INTO {table_name} ") > 0
    for trip in trips.values():
        assert trip.boundaries == ["BEGIN", "COMMIT"] * (len(trip.boundaries) // 2)
        assert len(set(trip.files)) == len(trip.files) < len(trip.calls)
        assert all((ROOT / file).is_file() for file in trip.files)
    assert str(Path(inspect.getfile(add_items)).relative_to(ROOT)) in trips["add_items"].files
    for name, heading in HEADINGS.items():
        named = places(heading)
        assert len(named) > 5
        assert set(named) <= {*trips[name].files}, f"docs/architecture.md, {heading}"


def test_the_table_and_the_details_show_what_was_recorded() -> None:
    calls = [Call("app/a.py", "first"), Call("app/longer.py", "second"), Call("app/a.py", "third")]
    trip = Trip(calls, ["BEGIN; SET x = 1; SELECT 1", "SELECT\n  2", "COMMIT"])

    headings, row = table({"undo": trip}).splitlines()

    assert headings.split() == ["calls", "files", "statements", "BEGIN/COMMIT", "messages"]
    assert row.split() == ["undo", "3", "2", "3", "2", "3"]
    assert details(trip, "files") == ["app/a.py", "app/longer.py"]
    assert details(trip, "calls") == ["app/a.py       first", "app/longer.py  second", "app/a.py       third"]
    assert details(trip, "messages") == ["BEGIN; SET x = 1; SELECT 1", "SELECT 2", "COMMIT"]


@pytest.mark.slow
def test_the_program_prints_the_trips_asked_for() -> None:
    command = [sys.executable, "-m", "bench.trips", "list_items", "--files"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    _, row, _, heading, *files = ended.stdout.splitlines()
    assert row.split()[0] == "list_items"
    assert heading == "list_items, files:"
    assert len(files) == int(row.split()[2])
