"""The audit log: nobody waits for it, it is bounded, and what it could not write it admits."""

import anyio
import pytest

from app.audit import log
from app.audit.log import AuditLog
from app.audit.models import Action
from app.db import Engine, create_engine
from app.errors import Unavailable
from app.limits.defaults import RECORDED_REFUSALS_OF_NETWORK
from app.settings import Settings
from tests.audit.conftest import Record, entry
from tests.audit.test_refusals import refusal

pytestmark = pytest.mark.anyio

NOBODY = "postgresql://shopping_service:none@127.0.0.1:1/nowhere"


@pytest.fixture
async def lost(settings: Settings) -> AuditLog:
    """The log of a process whose database is away."""
    return AuditLog(create_engine(NOBODY), settings.secret_keys[0])


async def test_what_is_noted_is_written_while_it_runs_and_at_the_latest_at_its_end(record: Record) -> None:
    async with record.log.running():
        record.log.note(entry())
        with anyio.fail_after(30):
            while not await record.count():
                pass
        record.log.note(entry())
        for _ in range(RECORDED_REFUSALS_OF_NETWORK.per.amount + 3):
            record.log.refuse(refusal())
    assert await record.count("action = 'tool_called'") == 2
    assert await record.count("action = 'access_refused'") == RECORDED_REFUSALS_OF_NETWORK.per.amount + 1
    assert await record.superuser.fetchval("SELECT sum(times) FROM audit_events WHERE times = 3") == 3


async def test_a_batch_that_is_written_again_makes_no_second_row(record: Record, settings: Settings) -> None:
    """As after a COMMIT whose answer was lost."""
    entries = [entry(), entry()]
    await record.write(*entries)
    await record.write(*entries, entry())
    assert await record.count() == 3


async def test_many_entries_are_written_in_batches(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "BATCH", 3)
    await record.write(*(entry() for _ in range(10)))
    assert await record.count() == 10


async def test_noting_never_waits_for_a_database_that_is_away_and_entries_wait_for_it(
    lost: AuditLog, engine: Engine, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        lost.note(entry())
    with pytest.raises(Unavailable):
        await lost.write()
    monkeypatch.setattr(lost, "_engine", engine)
    await lost.write()
    assert await record.count() == 3


async def test_what_there_is_no_room_for_is_lost_and_the_number_is_recorded(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "MOST_ENTRIES", 5)
    for _ in range(12):
        record.log.note(entry())
    await record.log.write()
    await record.log.write()
    assert await record.count("action = 'tool_called'") == 5
    rows = await record.superuser.fetch("SELECT action, times FROM audit_events WHERE action <> 'tool_called'")
    assert [tuple(row) for row in rows] == [(Action.ENTRIES_LOST, 7)]


async def test_an_entry_that_can_not_be_stored_does_not_hold_up_the_others(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "BATCH", 1)
    await record.write(entry(detail="a\0b"), entry())
    await record.log.write()
    assert await record.count("action = 'tool_called'") == 1
    assert await record.count("action = 'entries_lost' AND times = 1") == 1


async def test_a_process_that_ends_while_the_database_is_away_says_how_many_entries_it_lost(
    lost: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[int] = []
    monkeypatch.setattr(log, "_log", _Said(said))
    async with lost.running():
        lost.note(entry())
        lost.note(entry())
    assert said == [2]


class _Said:
    """Hears the last word."""

    def __init__(self, said: list[int]) -> None:
        self._said = said

    def warning(self, event: str, entries: int) -> None:
        pass

    def error(self, event: str, entries: int) -> None:
        self._said.append(entries)


async def test_an_email_is_recorded_as_a_hash_that_needs_the_secret_key(settings: Settings, engine: Engine) -> None:
    one = AuditLog(engine, settings.secret_keys[0])
    assert one.email_hash("Ada@Example.org ") == one.email_hash("ada@example.org")
    assert one.email_hash("ada@example.org") != one.email_hash("bob@example.org")
    assert settings.secret_key is not None
    other = settings.model_copy(update={"secret_key": type(settings.secret_key)("x" * 32)})
    assert AuditLog(engine, other.secret_keys[0]).email_hash("ada@example.org") != one.email_hash("ada@example.org")
