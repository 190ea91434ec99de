"""Entries that are too old are deleted from the beginning of the chain, and the rest still verifies."""

from datetime import datetime, timedelta

import pytest

from app.audit.chain import BrokenChain, ChainLink
from app.audit.chaining import LEAD, delete_old
from app.db import transaction
from app.db.transactions import try_lead
from tests.audit.conftest import NOW, Record, entry

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)


async def old_and_new(record: Record) -> None:
    """Write six entries of 401 to 396 days ago, and one older that is not chained."""
    await record.write(*(entry(at=NOW - days * DAY) for days in range(401, 395, -1)))
    await record.chainer.chain_all()
    await record.write(entry(at=NOW - 500 * DAY))


async def delete(record: Record, now: datetime, days: int = 400) -> int:
    return await delete_old(record.engine, record.settings.secret_keys, now - days * DAY)


@pytest.mark.proves("""au-retention SHOULD own rule
    The record is kept as long as set and no longer.
    Here: After AUDIT_DAYS rows are deleted, and the rest still verifies.""")
async def test_entries_are_deleted_after_audit_days_and_the_rest_verifies(record: Record) -> None:
    await old_and_new(record)
    assert await delete(record, NOW - 2 * DAY) == 0
    assert await delete(record, NOW + DAY) == 2
    verdict = await record.verify(NOW - 500 * DAY)
    assert verdict.anchor is not None
    assert (verdict.anchor.no, verdict.valid, verdict.fault) == (2, 4, None)
    assert (await record.verify(NOW - 500 * DAY, witness=verdict.anchor)).fault is None
    assert (await record.verify(NOW - 500 * DAY, witness=ChainLink(2, bytes(32)))).fault is not None
    assert await delete(record, NOW + timedelta(seconds=1), days=397) == 3
    assert await record.count("seal_no IS NOT NULL") == 1
    await record.chain(2)
    assert await record.fault() is None
    assert await delete(record, NOW + 1000 * DAY) == 4
    assert await record.count() == 0
    assert await record.fault() is None
    assert (await record.chain(1)).no == 10, "a number is not given twice"
    assert await record.fault() is None


async def test_many_entries_are_deleted_in_several_transactions(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.chaining.DELETE_BATCH", 2)
    await old_and_new(record)
    assert await delete(record, NOW + 3 * DAY) == 4
    assert await record.count("seal_no IS NOT NULL") == 2
    assert (await record.verify(NOW - 500 * DAY)).fault is None


async def test_deleting_more_than_the_oldest_entries_is_found(record: Record) -> None:
    await old_and_new(record)
    await delete(record, NOW + DAY)
    await record.superuser.execute("DELETE FROM audit_events WHERE seal_no = 3")
    assert await record.fault() == ("missing", 3)


async def test_an_old_entry_that_was_deleted_and_put_back_is_found(record: Record) -> None:
    await old_and_new(record)
    await record.keep()
    await delete(record, NOW + DAY)
    await record.superuser.execute("INSERT INTO audit_events SELECT * FROM kept_audit_events WHERE seal_no = 2")
    assert await record.fault() == ("inserted", 2)


async def test_a_changed_entry_is_not_deleted_for_its_age(record: Record) -> None:
    await old_and_new(record)
    await record.superuser.execute("UPDATE audit_events SET at = at - interval '1 year' WHERE seal_no = 5")
    with pytest.raises(BrokenChain, match="entry 5: changed"):
        await delete(record, NOW + 6 * DAY)
    assert await record.count("seal_no IS NOT NULL") == 6


async def test_nothing_is_deleted_while_another_process_works_on_the_chain(record: Record) -> None:
    await old_and_new(record)
    async with transaction(record.engine) as connection:
        assert await try_lead(connection, LEAD)
        assert await delete(record, NOW + DAY) == 0
        assert await record.chainer.chain_all() is None
    assert await delete(record, NOW + DAY) == 2
