"""The sealer: every entry gets its place in one chain, whoever seals and whenever it becomes visible."""

import asyncio

import pytest
from pydantic import SecretStr

from app.audit.chain import BrokenChain
from app.audit.chaining import AuditChainer
from app.audit.repository import record as record_now
from app.db import create_engine, transaction
from app.db.driver import connect
from app.db.embedded import DatabaseUrls
from tests.audit.conftest import Record, entry

pytestmark = pytest.mark.anyio


async def test_entries_are_sealed_in_a_chain_that_verifies(record: Record) -> None:
    assert await record.sealer.seal_all() is None
    first = await record.seal(3)
    second = await record.seal(2)
    assert (first.no, second.no) == (3, 5)
    verdict = await record.verify()
    assert (verdict.sound, verdict.unsealed, verdict.head, verdict.fault) == (5, 0, second, None)
    assert await record.sealer.seal_all() is None


async def test_a_database_that_was_never_served_from_has_no_record_and_no_fault(record: Record) -> None:
    verdict = await record.verify()
    assert (verdict.head, verdict.sound, verdict.fault) == (None, 0, None)


async def test_more_than_a_batch_is_sealed_at_once(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.audit.chaining.BATCH", 4)
    monkeypatch.setattr("app.audit.verify.PAGE", 3)
    assert (await record.seal(13)).no == 13
    assert (await record.verify()).sound == 13


async def test_what_becomes_visible_later_comes_later_in_the_chain(record: Record) -> None:
    early = entry(detail="early")
    async with transaction(record.engine) as connection:
        await record_now(connection, early)
        await record.seal(2)
        assert await record.count("seal_no IS NULL") == 0, "not visible yet"
    head = await record.sealer.seal_all()
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
    await record.seal(1)
    assert await record.count() == 1
    assert await record.fault() is None


async def test_several_sealers_at_once_make_one_chain(
    record: Record, database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.chaining.BATCH", 7)
    other = create_engine(database.service)
    sealers = [AuditChainer(engine, record.settings) for engine in (record.engine, other, record.engine, other)]

    async def keep_sealing(sealer: AuditChainer) -> None:
        for _ in range(10):
            await sealer.seal_all()

    async def keep_writing() -> None:
        for _ in range(20):
            await record.write(*(entry() for _ in range(5)))

    await asyncio.gather(keep_writing(), *(keep_sealing(each) for each in sealers))
    await sealers[0].seal_all()
    await other.dispose()
    verdict = await record.verify()
    assert (verdict.sound, verdict.unsealed, verdict.fault) == (100, 0, None)


async def test_seals_stay_good_when_the_secret_key_changes(record: Record) -> None:
    await record.seal()
    old = record.settings
    for secret in ("another secret of the same service, 456", "yet another secret of the service, 789"):
        new = SecretStr(secret)
        both = old.model_copy(update={"secret_key": new, "secret_key_previous": old.secret_key})
        assert await AuditChainer(record.engine, both).seal_all() is None, "there was nothing to seal, but the key was"
        record.settings = old = old.model_copy(update={"secret_key": new})
        record.sealer = AuditChainer(record.engine, record.settings)
        await record.seal()
        assert await record.fault() is None
    assert await record.count() == 15


async def test_a_secret_key_that_does_not_open_the_chain_seals_nothing(record: Record) -> None:
    await record.seal()
    wrong = record.settings.model_copy(update={"secret_key": SecretStr("the secret key of something else, 0")})
    await record.write(entry())
    with pytest.raises(BrokenChain, match="SECRET_KEY"):
        await AuditChainer(record.engine, wrong).seal_all()
    await record.sealer.seal_all()
    assert await record.fault() is None
    record.settings = wrong
    assert await record.fault() == ("changed", None)


async def test_nothing_is_sealed_onto_a_chain_whose_end_was_taken_away(record: Record) -> None:
    await record.seal(3)
    await record.keep()
    await record.seal(2)
    await record.put_back()
    await record.write(entry())
    with pytest.raises(BrokenChain, match="taken away"):
        await record.sealer.seal_all()
    assert await record.count("seal_no IS NULL") == 1


async def test_no_new_chain_is_begun_beside_sealed_entries(record: Record) -> None:
    await record.seal(3)
    await record.superuser.execute("TRUNCATE audit_chain")
    await record.write(entry())
    with pytest.raises(BrokenChain):
        await AuditChainer(record.engine, record.settings).seal_all()


async def test_the_service_role_can_change_no_entry_but_its_seal(record: Record, database: DatabaseUrls) -> None:
    await record.seal()
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
