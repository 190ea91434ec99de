"""Without SECRET_KEY nothing in the record can be changed unnoticed, even by somebody who can write to the database."""

from datetime import timedelta

import pytest

from app.audit.chain import ChainLink
from app.audit.tables import audit_chain, audit_events
from tests.audit.conftest import NOW, Record, entry

pytestmark = pytest.mark.anyio

ANOTHER = {
    "uuid": "gen_random_uuid()",
    "timestamptz": "{0} + interval '1 microsecond'",
    "text": "{0} || 'x'",
    "int4": "{0} + 1",
    "int8": "{0} + 1000",
    "bytea": "sha256({0})",
}
"""Another value of each type."""


@pytest.mark.proves("""au-chained MUST own rule
    The record is chained so that a removal or change shows.
    Here: One chainer links the rows with an HMAC; a change of any column and a deletion are found.""")
async def test_a_change_of_any_column_is_found(record: Record) -> None:
    await record.chain(5)
    await record.keep()
    columns = await record.superuser.fetch(
        "SELECT column_name, udt_name FROM information_schema.columns WHERE table_name = 'audit_events'"
    )
    types: dict[str, str] = {row["column_name"]: row["udt_name"] for row in columns}
    assert set(types) == {column.name for column in audit_events.columns}
    for name, kind in types.items():
        expression = ANOTHER[kind].format(name)
        await record.superuser.execute(f"UPDATE audit_events SET {name} = {expression} WHERE seal_no = 3")
        assert await record.fault() == ("missing" if name == "seal_no" else "changed", 3), name
        await record.put_back()
        assert await record.fault() is None


async def test_leaving_a_value_out_is_found(record: Record) -> None:
    await record.chain(5)
    await record.keep()
    for column in audit_events.columns:
        if column.nullable and not column.name.startswith("seal"):
            await record.superuser.execute(f"UPDATE audit_events SET {column.name} = NULL WHERE seal_no = 3")
            assert await record.fault() == ("changed", 3), column.name
            await record.put_back()


async def test_a_value_moved_to_another_column_is_found(record: Record) -> None:
    await record.write(entry(person_id=None))
    await record.chain(1)
    await record.superuser.execute("UPDATE audit_events SET person_id = grant_id, grant_id = NULL WHERE seal_no = 1")
    assert await record.fault() == ("changed", 1)


async def test_a_change_of_the_ends_of_the_chain_is_found(record: Record) -> None:
    await record.chain(5)
    await record.keep()
    for column in audit_chain.columns:
        if column.name == "id":
            continue  # it has to be 1
        expression = f"{column.name} + 1" if column.name.endswith("_no") else f"sha256({column.name})"
        await record.superuser.execute(f"UPDATE audit_chain SET {column.name} = {expression}")
        assert await record.fault() == ("changed", None), column.name
        await record.put_back()
    await record.superuser.execute("TRUNCATE audit_chain")
    assert await record.fault() == ("missing", None)


@pytest.mark.proves("au-chained")
@pytest.mark.parametrize("no", [1, 3, 5])
async def test_deleting_an_entry_is_found(record: Record, no: int) -> None:
    await record.chain(5)
    await record.superuser.execute("DELETE FROM audit_events WHERE seal_no = $1", no)
    assert await record.fault() == ("missing", no)


async def test_deleting_all_entries_is_found(record: Record) -> None:
    await record.chain(5)
    await record.superuser.execute("TRUNCATE audit_events")
    assert await record.fault() == ("missing", 1)


async def test_deleting_an_entry_and_closing_the_gap_is_found(record: Record) -> None:
    await record.chain(5)
    await record.superuser.execute("DELETE FROM audit_events WHERE seal_no = 2")
    for no in (3, 4, 5):
        await record.superuser.execute("UPDATE audit_events SET seal_no = $1 - 1 WHERE seal_no = $1", no)
    assert await record.fault() == ("changed", 2)


async def test_two_entries_that_changed_places_are_found(record: Record) -> None:
    await record.chain(5)
    for old, new in ((2, 0), (4, 2), (0, 4)):
        await record.superuser.execute("UPDATE audit_events SET seal_no = $2 WHERE seal_no = $1", old, new)
    assert await record.fault() == ("changed", 2)
    await record.superuser.execute(
        """
        UPDATE audit_events SET seal = other.seal FROM audit_events AS other
        WHERE (audit_events.seal_no, other.seal_no) IN ((2, 4), (4, 2))
        """
    )
    assert await record.fault() == ("changed", 2)


async def insert(record: Record, no: int) -> None:
    await record.superuser.execute(
        "INSERT INTO audit_events (id, at, action, outcome, times, seal_no, seal) "
        "VALUES (gen_random_uuid(), now(), 'sign_in', 'ok', 1, $1, sha256('guessed'))",
        no,
    )


async def test_an_entry_put_at_the_end_is_found(record: Record) -> None:
    await record.chain(5)
    await insert(record, 6)
    assert await record.fault() == ("inserted", 6)


async def test_an_entry_put_in_between_is_found(record: Record) -> None:
    await record.chain(5)
    for no in (5, 4, 3):
        await record.superuser.execute("UPDATE audit_events SET seal_no = $1 + 1 WHERE seal_no = $1", no)
    await insert(record, 3)
    assert await record.fault() == ("inserted", 3)


@pytest.mark.own_database
@pytest.mark.parametrize("no", [-1, 0, 3])
async def test_an_entry_with_a_number_that_is_taken_or_out_of_range_is_found(record: Record, no: int) -> None:
    await record.chain(5)
    await record.superuser.execute("DROP INDEX uq_audit_events_seal_no")
    await insert(record, no)
    assert await record.fault() == ("inserted", no)


async def test_an_entry_that_lost_its_place_is_missing_even_after_it_was_chained_again(record: Record) -> None:
    await record.chain(5)
    await record.superuser.execute(
        "UPDATE audit_events SET seal = NULL, seal_no = NULL, outcome = 'x' WHERE seal_no = 3"
    )
    assert await record.fault() == ("missing", 3)
    await record.chainer.chain_all()
    assert await record.fault() == ("missing", 3)


async def test_entries_that_are_not_chained_are_a_fault_after_a_minute(record: Record) -> None:
    await record.chain(2)
    await record.write(entry(), entry())
    verdict = await record.verify(NOW + timedelta(seconds=60))
    assert (verdict.waiting, verdict.fault) == (2, None)
    verdict = await record.verify(NOW + timedelta(seconds=61))
    assert verdict.fault is not None
    assert (verdict.valid, verdict.fault.kind, verdict.fault.no) == (2, "unchained", 3)


async def test_an_older_state_of_everything_is_found_by_a_head_from_the_log(record: Record) -> None:
    earlier = await record.chain(3)
    await record.keep()
    later = await record.chain(2)
    assert (await record.verify(witness=later)).fault is None
    assert (await record.verify(witness=earlier)).fault is None
    await record.put_back()
    assert (await record.verify()).fault is None, "nothing in the database shows it"
    assert (await record.verify(witness=earlier)).fault is None
    for witness, words in ((later, "ends at 3, before"), (ChainLink(1, later.mac), "does not pass through")):
        verdict = await record.verify(witness=witness)
        assert verdict.fault is not None
        assert (verdict.valid, verdict.fault.kind, verdict.fault.no) == (3, "missing", witness.no)
        assert words in verdict.fault.reason
