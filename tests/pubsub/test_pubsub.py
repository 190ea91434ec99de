"""The bus between processes, over a real PostgreSQL."""

from uuid import UUID, uuid4

import anyio
import pytest

from app.db.driver import connect
from app.db.embedded import DatabaseUrls
from app.pubsub import GrantEnded, ListChanged, MembersChanged, PubSub, Refetch
from app.pubsub.connection import CHANNEL
from app.pubsub.notifications import LONGEST_PAYLOAD
from tests.pubsub.conftest import Heard, Wire

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


async def test_a_change_is_heard_in_the_other_process(bus: PubSub, other: PubSub, heard: Heard) -> None:
    with other.listening(heard, [HOME]):
        bus.lists_changed(HOME, {GROCERIES: 3})
        assert await heard.next() == ListChanged(HOME, GROCERIES, 3)


async def test_a_listener_of_this_process_hears_at_once_and_only_once(bus: PubSub, other: PubSub, heard: Heard) -> None:
    elsewhere = Heard()
    with bus.listening(heard, [HOME]), other.listening(elsewhere, [HOME]):
        bus.lists_changed(HOME, {GROCERIES: 1})
        bus.lists_changed(HOME, {HARDWARE: 2})
        own = [ListChanged(HOME, GROCERIES, 1), ListChanged(HOME, HARDWARE, 2)]
        assert [await heard.next(), await heard.next()] == own
        await elsewhere.until(own[1])
        # What the other process sends now came over the wire behind the echo of our own.
        other.lists_changed(HOME, {GROCERIES: 3})
        assert await heard.next() == ListChanged(HOME, GROCERIES, 3)
    elsewhere.close()


async def test_a_hundred_changes_of_a_list_are_one_notification(bus: PubSub, wire: Wire) -> None:
    for rev in range(1, 101):
        bus.lists_changed(HOME, {GROCERIES: rev, HARDWARE: rev})
    _, message = await wire.next()
    assert message.cues == [ListChanged(HOME, GROCERIES, 100), ListChanged(HOME, HARDWARE, 100)]
    bus.lists_changed(CABIN, {GROCERIES: 1})
    _, message = await wire.next()
    assert message.cues == [ListChanged(CABIN, GROCERIES, 1)]


async def test_more_than_one_payload_holds_goes_in_several(bus: PubSub, wire: Wire) -> None:
    lists = {uuid4(): 2**63 - 1 for _ in range(500)}
    bus.lists_changed(HOME, lists)
    told: dict[UUID, int] = {}
    while len(told) < len(lists):
        payload, message = await wire.next()
        assert len(payload.encode()) <= LONGEST_PAYLOAD
        told.update((cue.list_id, cue.rev) for cue in message.cues if isinstance(cue, ListChanged))
    assert told == lists


async def test_an_ended_grant_and_changed_members_do_not_wait_for_more(
    bus: PubSub, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.pubsub.connection.GATHER_SECONDS", 3600)
    bus.lists_changed(HOME, {GROCERIES: 1})
    bus.grant_ended(CABIN)
    _, message = await wire.next()
    assert message.cues == [GrantEnded(CABIN), ListChanged(HOME, GROCERIES, 1)]
    bus.members_changed(HOME)
    _, message = await wire.next()
    assert message.cues == [MembersChanged(HOME)]


async def test_a_listener_hears_of_what_it_asked_for(bus: PubSub, other: PubSub, heard: Heard) -> None:
    grant_id = uuid4()
    with other.listening(heard, [HOME, grant_id]):
        bus.lists_changed(CABIN, {GROCERIES: 1})
        bus.members_changed(CABIN)
        bus.grant_ended(uuid4())
        bus.members_changed(HOME)
        bus.grant_ended(grant_id)
        assert {await heard.next(), await heard.next()} == {MembersChanged(HOME), GrantEnded(grant_id)}
    other.members_changed(HOME)
    with other.listening(heard, [HOME]):
        other.grant_ended(grant_id)
        other.members_changed(HOME)
    assert await heard.next() == MembersChanged(HOME)


async def test_a_failing_listener_keeps_nobody_else_from_hearing(bus: PubSub, heard: Heard) -> None:
    def fail(cue: object) -> None:
        raise RuntimeError

    with bus.listening(fail, [HOME]), bus.listening(heard, [HOME]):
        bus.members_changed(HOME)
        assert await heard.next() == MembersChanged(HOME)


async def test_after_postgres_cut_the_connections_everybody_refetches_and_cues_flow_again(
    bus: PubSub, other: PubSub, heard: Heard, database: DatabaseUrls
) -> None:
    with other.listening(heard, [HOME]):
        for rev in range(3):
            await cut(database)
            assert await heard.next() == Refetch()
            assert other.is_listening
            bus.lists_changed(HOME, {GROCERIES: rev})
            assert (await heard.until(ListChanged(HOME, GROCERIES, rev)))[-1]


async def test_what_is_told_while_the_connection_is_away_is_told_later(
    bus: PubSub, wire: Wire, database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.pubsub.connection.GATHER_SECONDS", 3600)
    bus.lists_changed(HOME, {GROCERIES: 1})
    admin = await connect(database.superuser)
    own = "SELECT pid FROM pg_stat_activity WHERE usename = 'shopping_service' AND query LIKE '%pg_notify%'"
    assert await admin.fetchval(f"SELECT bool_and(pg_terminate_backend(pid)) FROM ({own}) own")
    await admin.close()
    bus.grant_ended(CABIN)
    _, message = await wire.next()
    assert message.cues == [GrantEnded(CABIN), ListChanged(HOME, GROCERIES, 1)]


async def test_a_backlog_that_grows_too_large_becomes_one_cue_to_refetch(
    bus: PubSub, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.pubsub.outbox.LARGEST_BACKLOG", 10)
    bus.lists_changed(HOME, {uuid4(): 1 for _ in range(11)})
    _, message = await wire.next()
    assert message.cues == [Refetch()]


async def test_what_was_told_last_is_sent_before_the_end(other: PubSub, heard: Heard, database: DatabaseUrls) -> None:
    with other.listening(heard, [HOME]):
        bus = PubSub(database.service)
        async with bus.running():
            bus.lists_changed(HOME, {GROCERIES: 9})
        assert not bus.is_listening
        assert await heard.next() == ListChanged(HOME, GROCERIES, 9)


async def test_a_notification_that_is_not_ours_does_nothing(
    bus: PubSub, other: PubSub, heard: Heard, database: DatabaseUrls
) -> None:
    with other.listening(heard, [HOME]):
        for payload in ("", "{}", "[[[[", '{"origin": "x", "cues": [1]}', "x" * LONGEST_PAYLOAD):
            await notify(database, payload)
        bus.members_changed(HOME)
        assert await heard.next() == MembersChanged(HOME)


async def test_without_a_database_the_bus_runs_and_knows_that_it_hears_nothing(heard: Heard) -> None:
    bus = PubSub("postgresql://nobody:x@127.0.0.1:1/nothing")
    with anyio.fail_after(30):
        async with bus.running():
            assert not bus.is_listening
            with bus.listening(heard, [HOME]):
                bus.members_changed(HOME)
                assert await heard.next() == MembersChanged(HOME)


async def test_a_connection_on_which_nothing_comes_back_counts_as_deaf(
    database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As behind a pooler that gives the session to someone else after each transaction."""
    monkeypatch.setattr("app.pubsub.connection.ECHO_SECONDS", 0.05)
    monkeypatch.setattr("app.pubsub.connection._NOTIFY", "SELECT $1::text, $2::text[]")
    bus = PubSub(database.service)
    async with bus.running():
        assert not bus.is_listening
