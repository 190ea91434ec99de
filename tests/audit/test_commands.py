"""`python -m app audit verify` and `export`, as someone runs them."""

import csv
import io
import json
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.audit.export import COLUMNS, export
from app.jobs import audit_chain
from app.jobs.audit_chain import audit_chain_running
from app.settings import Settings
from tests.audit.conftest import NOW, Record, entry
from tests.command import run, started
from tests.service import STOP_SECONDS

pytestmark = pytest.mark.anyio


def environment(settings: Settings) -> dict[str, str]:
    assert settings.database_url is not None
    assert settings.migration_database_url is not None
    assert settings.secret_key is not None
    return {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "MIGRATION_DATABASE_URL": settings.migration_database_url.get_secret_value(),
        "SECRET_KEY": settings.secret_key.get_secret_value(),
    }


@pytest.mark.proves("""au-verify MUST own rule
    A command verifies and exports the record.
    Here: `python -m app audit verify` and `export`.""")
@pytest.mark.processes
async def test_verify_says_whether_the_record_is_whole_and_where_it_is_not(record: Record, tmp_path: Path) -> None:
    head = await record.chain(3)
    variables = environment(record.settings)
    ended = run(tmp_path, "audit", "verify", "--head", str(head), **variables)
    assert (ended.returncode, ended.stdout.splitlines()) == (
        0,
        ["Chained entries, valid: 3, after number 0.", "Not chained yet: 0.", f"Head: {head}"],
    ), ended.stderr
    ended = run(tmp_path, "audit", "verify", "--head", f"9{head}", **variables)
    assert ended.returncode == 1
    assert ended.stdout.splitlines()[:2] == [
        "The record is broken at entry 93: missing. The record ends at 3, before the head that was given.",
        "Chained entries, valid: 3, after number 0.",
    ]
    await record.superuser.execute("UPDATE audit_events SET outcome = 'denied' WHERE seal_no = 2")
    ended = run(tmp_path, "audit", "verify", **variables)
    assert ended.returncode == 1
    first, second, *_ = ended.stdout.splitlines()
    assert first == "The record is broken at entry 2: changed. It is not the entry that was chained here."
    assert second == "Chained entries, valid up to the fault: 1, after number 0."


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["verify", "--head", "3"], "a head is written as in the log"),
        (["verify", "--head", "3:abc"], "a head is written as in the log"),
        (["export", "--since", "yesterday"], "a time is written like 2026-01-31"),
        (["export", "--until", "0001-01-01T00:00+01:00"], "a time is written like 2026-01-31"),
        (["export", "--since", "2026-02-01", "--until", "2026-01-31"], "--until must be after --since"),
        ([], "required: part"),
    ],
)
@pytest.mark.processes
def test_a_wrong_argument_is_refused_in_words(tmp_path: Path, arguments: list[str], words: str) -> None:
    ended = run(tmp_path, "audit", *arguments)
    assert ended.returncode == 2
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.proves("au-verify")
@pytest.mark.processes
async def test_export_writes_each_entry_on_a_line_of_standard_output(record: Record, tmp_path: Path) -> None:
    await record.chain(2)
    ended = run(tmp_path, "audit", "export", "--since", "2020-01-01", **environment(record.settings))
    assert ended.returncode == 0, ended.stderr
    lines: list[dict[str, Any]] = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [line["seal_no"] for line in lines] == [1, 2]
    assert set(lines[0]) == set(COLUMNS)


@pytest.mark.processes
async def test_a_reader_who_has_seen_enough_and_ctrl_c_end_an_export_without_a_word(
    record: Record, tmp_path: Path
) -> None:
    await record.write(*(entry() for _ in range(600)))  # more than a pipe holds
    for end, status in ((close_output, 141), (interrupt, 130)):
        with started(tmp_path, "audit", "export", **environment(record.settings)) as process:
            assert process.stdout is not None
            assert process.stdout.readline()
            end(process)
            assert (process.wait(STOP_SECONDS), process.stderr and process.stderr.read()) == (status, "")


def close_output(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    process.stdout.close()


def interrupt(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)


async def exported(
    record: Record, since: datetime | None = None, until: datetime | None = None, format: Any = "jsonl"
) -> str:
    return "".join([line async for line in export(record.engine, since, until, format)])


async def test_both_formats_say_the_same(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.audit.export.PAGE", 2)
    await record.chain(4)
    await record.write(entry(tool=None, detail='a "quoted", text'))
    lines = [json.loads(line) for line in (await exported(record)).splitlines()]
    rows = list(csv.DictReader(io.StringIO(await exported(record, format="csv"))))
    assert len(lines) == len(rows) == 5
    for line, row in zip(lines, rows, strict=True):
        assert {name: str(value) for name, value in line.items()} == {k: v for k, v in row.items() if v != ""}
    assert {"seal", "seal_no", "tool"}.isdisjoint(lines[-1])
    assert lines[0]["at"] == NOW.isoformat()


async def test_a_period_includes_its_beginning_and_not_its_end(record: Record) -> None:
    moments = [NOW.replace(hour=hour) for hour in range(4)]
    await record.write(*(entry(at=moment, detail=str(hour)) for hour, moment in enumerate(moments)))
    found = await exported(record, moments[1], moments[3])
    assert {json.loads(line)["detail"] for line in found.splitlines()} == {"1", "2"}
    assert await exported(record, moments[3], moments[3]) == ""
    always = await exported(record, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    assert len(always.splitlines()) == 4


async def test_an_export_reads_the_ids_of_its_time_only(record: Record) -> None:
    """Of a short time in a long record it would otherwise read everything before, or after."""
    for moment in (NOW - timedelta(days=9), NOW + timedelta(days=9)):
        await record.write(entry(at=moment))  # with an id of today
        assert await exported(record, moment, moment + timedelta(days=1)) == ""


@pytest.mark.processes
async def test_the_head_is_in_the_log_also_when_the_service_stops_at_once(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    class Log:
        def info(self, event: str, head: str) -> None:
            said.append(head)

    monkeypatch.setattr(audit_chain, "_log", Log())
    await record.write(entry(), entry())
    async with audit_chain_running(record.engine, record.settings.secret_keys, 400):
        pass
    verdict = await record.verify()
    assert said == [str(verdict.head)]
    assert (verdict.valid, verdict.waiting) == (2, 0)
