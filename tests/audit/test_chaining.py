"""The chainer: every entry gets its place in one chain, whichever process chains and whenever it becomes visible."""

import asyncio
from datetime import datetime, timedelta, timezone
from uuid import UUID

import pytest
from pydantic import SecretStr

from app.audit.chain import BrokenChain, ChainLink, chained_values, ends_mac, entry_mac
from app.audit.chaining import AuditChainer
from app.audit.models import AuditEntry
from app.audit.repository import record as record_now
from app.db import create_engine, transaction
from app.db.embedded import DatabaseUrls
from app.db.engine import connect
from tests.audit.conftest import Record, entry

pytestmark = pytest.mark.anyio


async def test_entries_are_put_in_a_chain_that_verifies(record: Record) -> None:
    assert await record.chainer.chain_all() is None
    first = await record.chain(3)
    second = await record.chain(2)
    assert (first.no, second.no) == (3, 5)
    verdict = await record.verify()
    assert (verdict.valid, verdict.waiting, verdict.head, verdict.fault) == (5, 0, second, None)
    assert await record.chainer.chain_all() is None


async def test_a_database_that_was_never_served_from_has_no_record_and_no_fault(record: Record) -> None:
    verdict = await record.verify()
    assert (verdict.head, verdict.valid, verdict.fault) == (None, 0, None)


async def test_more_than_a_batch_is_chained_at_once(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.audit.chaining.BATCH", 4)
    monkeypatch.setattr("app.audit.verify.PAGE", 3)
    assert (await record.chain(13)).no == 13
    assert (await record.verify()).valid == 13


def test_chains_of_earlier_releases_stay_valid() -> None:
    """The bytes under the MAC never change; these MACs were made by the first release that had a chain."""
    at = datetime(2026, 1, 31, 12, 0, 0, 1200, tzinfo=timezone(timedelta(hours=1)))
    stored = AuditEntry(
        action="tool_called",
        at=at,
        client_id='ä "client"',
        tool="add_items",
        duration_ms=7,
        times=2,
        id=UUID(int=2),
        person_id=UUID(int=1),
    )
    mac = entry_mac(b"k" * 32, b"p" * 32, 3, chained_values(stored))
    assert mac.hex() == "2cf80612bb7c49d6492c16d7a4856ed8fde4380598442f96b5ca23b310f7f53d"
    ends = ends_mac(b"k" * 32, ChainLink(1, b"a" * 32), ChainLink(2, b"b" * 32))
    assert ends.hex() == "d2917cd42ab53dd5d930a0409d2a6723ab3a4136470e187f6376b5edb4269094"


async def test_what_becomes_visible_later_comes_later_in_the_chain(record: Record) -> None:
    early = entry(detail="early")
    async with transaction(record.engine) as connection:
        await record_now(connection, early)
        await record.chain(2)
        assert await record.count("seal_no IS NULL") == 0, "not visible yet"
    head = await record.chainer.chain_all()
    assert head is not None
    assert head.no == 3
    assert await record.superuser.fetchval("SELECT detail FROM audit_events WHERE seal_no = 3") == "early"
    assert await record.fault() is None


async def test_an_entry_of_a_transaction_that_is_rolled_back_leaves_no_trace(record: Record) -> None:
    async def fail() -> None:
        async with transaction(record.engine) as connection:
            await record_now(connection, entry())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    await record.chain(1)
    assert await record.count() == 1
    assert await record.fault() is None


async def test_several_chainers_at_once_make_one_chain(
    record: Record, database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.chaining.BATCH", 7)
    other = create_engine(database.service)
    chainers = [
        AuditChainer(engine, record.settings.secret_keys) for engine in (record.engine, other, record.engine, other)
    ]

    async def keep_chaining(chainer: AuditChainer) -> None:
        for _ in range(10):
            await chainer.chain_all()

    async def keep_writing() -> None:
        for _ in range(20):
            await record.write(*(entry() for _ in range(5)))

    await asyncio.gather(keep_writing(), *(keep_chaining(each) for each in chainers))
    await chainers[0].chain_all()
    await other.dispose()
    verdict = await record.verify()
    assert (verdict.valid, verdict.waiting, verdict.fault) == (100, 0, None)


async def test_the_chain_stays_valid_when_the_secret_key_changes(record: Record) -> None:
    await record.chain()
    old = record.settings
    for secret in ("another secret of the same service, 456", "yet another secret of the service, 789"):
        new = SecretStr(secret)
        both = old.model_copy(update={"secret_key": new, "secret_key_previous": old.secret_key})
        assert await AuditChainer(record.engine, both.secret_keys).chain_all() is None, (
            "there was no entry to chain, but the key was encrypted again"
        )
        record.settings = old = old.model_copy(update={"secret_key": new})
        record.chainer = AuditChainer(record.engine, record.settings.secret_keys)
        await record.chain()
        assert await record.fault() is None
    assert await record.count() == 15


async def test_nothing_is_chained_with_a_secret_key_that_does_not_open_the_chain(record: Record) -> None:
    await record.chain()
    wrong = record.settings.model_copy(update={"secret_key": SecretStr("the secret key of something else, 0")})
    await record.write(entry())
    with pytest.raises(BrokenChain, match="SECRET_KEY"):
        await AuditChainer(record.engine, wrong.secret_keys).chain_all()
    await record.chainer.chain_all()
    assert await record.fault() is None
    record.settings = wrong
    assert await record.fault() == ("changed", None)


async def test_nothing_is_added_to_a_chain_whose_end_was_taken_away(record: Record) -> None:
    await record.chain(3)
    await record.keep()
    await record.chain(2)
    await record.put_back()
    await record.write(entry())
    with pytest.raises(BrokenChain, match="taken away"):
        await record.chainer.chain_all()
    assert await record.count("seal_no IS NULL") == 1


async def test_no_new_chain_is_begun_beside_chained_entries(record: Record) -> None:
    await record.chain(3)
    await record.superuser.execute("TRUNCATE audit_chain")
    await record.write(entry())
    with pytest.raises(BrokenChain):
        await AuditChainer(record.engine, record.settings.secret_keys).chain_all()


async def test_the_service_role_can_update_no_column_but_the_place_in_the_chain(
    record: Record, database: DatabaseUrls
) -> None:
    await record.chain()
    connection = await connect(database.service)
    for statement in (
        "UPDATE audit_events SET outcome = 'ok'",
        "UPDATE audit_events SET id = id, seal = seal",
        "TRUNCATE audit_events",
        "DELETE FROM audit_chain",
    ):
        with pytest.raises(Exception, match="permission denied"):
            await connection.execute(statement)
    await connection.close()
