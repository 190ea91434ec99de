"""Notifications between processes, over a real PostgreSQL."""

from uuid import UUID, uuid4

import anyio
import pytest

from app.db.embedded import DatabaseUrls
from app.db.engine import connect
from app.pubsub import GrantEnded, ListChanged, MembersChanged, PubSub, Refetch
from app.pubsub.connection import CHANNEL
from app.pubsub.notifications import LONGEST_PAYLOAD
from tests.pubsub.conftest import SECONDS, Heard, Wire

pytestmark = pytest.mark.anyio

HOME, CABIN = uuid4(), uuid4()
GROCERIES, HARDWARE = uuid4(), uuid4()


async def cut(database: DatabaseUrls) -> None:
    """End every connection of the service role, as a restart of Postgres does."""
    admin = await connect(database.superuser)
    await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'shopping_service'")
    await admin.close()


async def notify(database: DatabaseUrls, payload: str) -> None:
    """Send a payload as any program with the service's password could."""
    connection = await connect(database.service)
    await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, payload)
    await connection.close()


async def test_a_change_reaches_the_other_process(pubsub: PubSub, other: PubSub, heard: Heard) -> None:
    with other.listening(heard, [HOME]):
        pubsub.lists_changed(HOME, {GROCERIES: 3})
        assert await heard.next() == ListChanged(HOME, GROCERIES, 3)


async def test_a_listener_in_this_process_is_called_at_once_and_only_once(
    pubsub: PubSub, other: PubSub, heard: Heard
) -> None:
    elsewhere = Heard()
    with pubsub.listening(heard, [HOME]), other.listening(elsewhere, [HOME]):
        pubsub.lists_changed(HOME, {GROCERIES: 1})
        pubsub.lists_changed(HOME, {HARDWARE: 2})
        own = [ListChanged(HOME, GROCERIES, 1), ListChanged(HOME, HARDWARE, 2)]
        assert [await heard.next(), await heard.next()] == own
        await elsewhere.until(own[1])
        # What the other process sends now arrived after the echo of our own.
        other.lists_changed(HOME, {GROCERIES: 3})
        assert await heard.next() == ListChanged(HOME, GROCERIES, 3)
    elsewhere.close()


async def test_a_hundred_changes_of_a_list_are_one_notification(pubsub: PubSub, wire: Wire) -> None:
    for rev in range(1, 101):
        pubsub.lists_changed(HOME, {GROCERIES: rev, HARDWARE: rev})
    _, message = await wire.next()
    assert message.cues == [ListChanged(HOME, GROCERIES, 100), ListChanged(HOME, HARDWARE, 100)]
    pubsub.lists_changed(CABIN, {GROCERIES: 1, HARDWARE: 1}, {GROCERIES})
    pubsub.lists_changed(CABIN, {GROCERIES: 2})
    _, message = await wire.next()
    assert message.cues == [ListChanged(CABIN, GROCERIES, 2, itself=True), ListChanged(CABIN, HARDWARE, 1)]


async def test_more_than_fits_one_payload_is_sent_in_several(pubsub: PubSub, wire: Wire) -> None:
    lists = {uuid4(): 2**63 - 1 for _ in range(500)}
    pubsub.lists_changed(HOME, lists)
    received: dict[UUID, int] = {}
    while len(received) < len(lists):
        payload, message = await wire.next()
        assert len(payload.encode()) <= LONGEST_PAYLOAD
        received.update((each.list_id, each.rev) for each in message.cues if isinstance(each, ListChanged))
    assert received == lists


async def test_an_ended_grant_and_changed_members_are_sent_without_delay(
    pubsub: PubSub, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.pubsub.connection.GATHER_SECONDS", 3600)
    pubsub.lists_changed(HOME, {GROCERIES: 1})
    pubsub.grant_ended(CABIN)
    _, message = await wire.next()
    assert message.cues == [GrantEnded(CABIN), ListChanged(HOME, GROCERIES, 1)]
    pubsub.publish(MembersChanged(HOME))
    _, message = await wire.next()
    assert message.cues == [MembersChanged(HOME)]


async def test_who_waits_until_others_are_told_goes_on_when_it_was_sent(
    pubsub: PubSub, database: DatabaseUrls, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.pubsub.pubsub.TELL_SECONDS", 3600)
    with anyio.fail_after(SECONDS):
        await pubsub.others_told()  # there is nothing to tell
        pubsub.grant_ended(CABIN)
        await pubsub.others_told()
        _, message = await wire.next()
        assert message.cues == [GrantEnded(CABIN)]
        late = PubSub(database.service)
        late.grant_ended(CABIN)
        async with anyio.create_task_group() as tasks:
            told = anyio.Event()

            async def wait() -> None:
                await late.others_told()
                told.set()

            tasks.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
            assert not told.is_set()
            async with late.running():
                await told.wait()


async def test_who_waits_until_others_are_told_waits_a_moment_only_without_a_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.pubsub.pubsub.TELL_SECONDS", 0.01)
    pubsub = PubSub("postgresql://nobody:x@127.0.0.1:1/nothing")
    pubsub.grant_ended(CABIN)
    with anyio.fail_after(SECONDS):
        await pubsub.others_told()


async def test_a_listener_receives_only_what_it_subscribed_to(pubsub: PubSub, other: PubSub, heard: Heard) -> None:
    grant_id = uuid4()
    with other.listening(heard, [HOME, grant_id]):
        pubsub.lists_changed(CABIN, {GROCERIES: 1})
        pubsub.publish(MembersChanged(CABIN))
        pubsub.grant_ended(uuid4())
        pubsub.publish(MembersChanged(HOME))
        pubsub.grant_ended(grant_id)
        assert {await heard.next(), await heard.next()} == {MembersChanged(HOME), GrantEnded(grant_id)}
    other.publish(MembersChanged(HOME))
    with other.listening(heard, [HOME]):
        other.grant_ended(grant_id)
        other.publish(MembersChanged(HOME))
    assert await heard.next() == MembersChanged(HOME)


async def test_a_failing_listener_does_not_stop_the_others(pubsub: PubSub, heard: Heard) -> None:
    def fail(notification: object) -> None:
        raise RuntimeError

    with pubsub.listening(fail, [HOME]), pubsub.listening(heard, [HOME]):
        pubsub.publish(MembersChanged(HOME))
        assert await heard.next() == MembersChanged(HOME)


async def test_after_lost_connections_everybody_refetches_and_notifications_arrive_again(
    pubsub: PubSub, other: PubSub, heard: Heard, database: DatabaseUrls
) -> None:
    with other.listening(heard, [HOME]):
        for rev in range(3):
            await cut(database)
            assert await heard.next() == Refetch()
            assert other.is_listening
            pubsub.lists_changed(HOME, {GROCERIES: rev})
            assert (await heard.until(ListChanged(HOME, GROCERIES, rev)))[-1]


async def test_notifications_published_during_an_outage_are_sent_after_it(
    pubsub: PubSub, wire: Wire, database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.pubsub.connection.GATHER_SECONDS", 3600)
    pubsub.lists_changed(HOME, {GROCERIES: 1})
    admin = await connect(database.superuser)
    own = "SELECT pid FROM pg_stat_activity WHERE usename = 'shopping_service' AND query LIKE '%pg_notify%'"
    assert await admin.fetchval(f"SELECT bool_and(pg_terminate_backend(pid)) FROM ({own}) own")
    await admin.close()
    pubsub.grant_ended(CABIN)
    _, message = await wire.next()
    assert message.cues == [GrantEnded(CABIN), ListChanged(HOME, GROCERIES, 1)]


async def test_a_backlog_that_grows_too_large_becomes_one_request_to_refetch(
    pubsub: PubSub, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.pubsub.connection.LARGEST_BACKLOG", 10)
    pubsub.lists_changed(HOME, {uuid4(): 1 for _ in range(11)})
    _, message = await wire.next()
    assert message.cues == [Refetch()]


async def test_what_was_published_last_is_sent_before_shutdown(
    other: PubSub, heard: Heard, database: DatabaseUrls
) -> None:
    with other.listening(heard, [HOME]):
        pubsub = PubSub(database.service)
        async with pubsub.running():
            pubsub.lists_changed(HOME, {GROCERIES: 9})
        assert not pubsub.is_listening
        assert await heard.next() == ListChanged(HOME, GROCERIES, 9)


async def test_a_foreign_notification_does_nothing(
    pubsub: PubSub, other: PubSub, heard: Heard, database: DatabaseUrls
) -> None:
    with other.listening(heard, [HOME]):
        for payload in ("", "{}", "[[[[", '{"origin": "x", "cues": [1]}', "x" * LONGEST_PAYLOAD):
            await notify(database, payload)
        pubsub.publish(MembersChanged(HOME))
        assert await heard.next() == MembersChanged(HOME)


async def test_without_a_database_pubsub_runs_and_reports_that_it_is_not_listening(heard: Heard) -> None:
    pubsub = PubSub("postgresql://nobody:x@127.0.0.1:1/nothing")
    with anyio.fail_after(30):
        async with pubsub.running():
            assert not pubsub.is_listening
            with pubsub.listening(heard, [HOME]):
                pubsub.publish(MembersChanged(HOME))
                assert await heard.next() == MembersChanged(HOME)


async def test_a_connection_without_an_echo_counts_as_lost(
    database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This happens behind a pooler that reassigns the session after each transaction."""
    monkeypatch.setattr("app.pubsub.connection.ECHO_SECONDS", 0.05)
    monkeypatch.setattr("app.pubsub.connection._NOTIFY", "SELECT $1::text, $2::text[]")
    pubsub = PubSub(database.service)
    async with pubsub.running():
        assert not pubsub.is_listening
