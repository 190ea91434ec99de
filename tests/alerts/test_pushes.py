"""Pushes from a change to the browser that decrypts them: who hears what, and when. Time is the test's own."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from anyio import lowlevel
from sqlalchemy import text

from app.alerts import repository
from app.alerts.collect import GATHERED_FOR, KEPT_FOR, TOLD_FOR, collect, note_all, note_changes
from app.alerts.deliver import CLAIMED_FOR, MOST_FAILURES, RETRIES, deliver
from app.alerts.models import AlertSettings, QuietHours
from app.alerts.outbox_repository import claim_pushes
from app.alerts.subscription_repository import MOST_BROWSERS
from app.db import transaction
from app.households.repository import delete_membership, memberships_of
from app.households.tenant import open_for_service
from app.lists.transfer.delete_household import delete_household
from app.people.models import Person
from app.people.session_repository import SESSION_LIFE, close_all_sessions, close_session
from tests.alerts.conftest import Alerts, Assisted
from tests.alerts.receiver import claims_of
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.looking import rows

pytestmark = [pytest.mark.anyio, pytest.mark.own_app, pytest.mark.processes]

WAITING = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE list_alerts%'"


async def count(alerts: Alerts, ada: Connected, table: str) -> int:
    (row,) = await rows(alerts.engine, ada.household_id, f"SELECT count(*) AS number FROM {table}")
    return row["number"]


async def test_ten_additions_within_a_minute_are_one_push(
    alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person
) -> None:
    browser = await alerts.browser_of(ben)
    on = await alerts.want(ben, ada.household_id)
    names = ["milk", "flour", *(f"thing {number}" for number in range(8))]
    for name in names:
        await assistant.call("add_items", items=[name])
        await note_changes(alerts.engine, [(ada.household_id, on)], alerts.now)
        alerts.now += timedelta(seconds=4)
    assert await alerts.work() == 0
    assert browser.arrived() == []
    assert await alerts.work(after=GATHERED_FOR) == 1
    (message,) = browser.arrived()
    assert message["title"] == "Groceries"
    assert message["body"] == "Ada added milk, flour and 8 more"
    assert message["url"].startswith("/lists/L1?household=h")
    assert await alerts.work(after=timedelta(hours=1)) == 0
    assert await count(alerts, ada, "push_outbox") == 0


async def test_the_push_service_learns_who_sends_and_nothing_else(
    alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person
) -> None:
    browser = await alerts.browser_of(ben)
    on = await alerts.want(ben, ada.household_id)
    await assistant.call("add_items", items=["milk"])
    await alerts.gather(ada.household_id, on)
    await alerts.work()
    ((headers, body),) = browser.requests
    claims, key = claims_of(headers["authorization"])
    assert key == alerts.sender.keys.public_key
    assert claims["aud"] == alerts.site.url("")
    assert claims["sub"] == "https://localhost"
    assert 0 < claims["exp"] - alerts.now.timestamp() <= 24 * 3600
    assert headers["content-encoding"] == "aes128gcm"
    assert 0 < int(headers["ttl"]) <= KEPT_FOR.total_seconds()
    assert len(headers["topic"]) == 32
    assert b"milk" not in body
    assert on.hex not in str(headers)


async def test_who_made_the_change_is_not_told_of_it(
    alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person, assisted: Assisted
) -> None:
    own, bens = await alerts.browser_of(ada.person), await alerts.browser_of(ben)
    on = await alerts.want(ada.person, ada.household_id)
    await alerts.want(ben, ada.household_id)
    await assistant.call("add_items", items=["milk"])
    await alerts.gather(ada.household_id, on)
    assert await alerts.work() == 1
    assert (own.arrived(), len(bens.arrived())) == ([], 1)
    async with assisted(ben, ada.household_id) as his:
        await his.call("add_items", items=["bread", "tea"])
    await alerts.gather(ada.household_id, on)
    assert await alerts.work() == 1
    assert [each["body"] for each in own.arrived()] == ["Ben added bread and tea"]
    assert bens.arrived() == []


async def test_who_wants_additions_hears_of_nothing_else(
    alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person, factory: Factory
) -> None:
    eve, _ = await factory.person("Eve")
    await factory.join(eve, ada.household_id, "viewer")
    browsers = [await alerts.browser_of(each) for each in (ben, eve)]
    await assistant.call("add_items", items=["milk", "bread"])
    on = await alerts.want(ben, ada.household_id)
    await alerts.want(eve, ada.household_id, push="changes")
    await assistant.call("check_items", items=["milk", "bread"])
    await alerts.gather(ada.household_id, on)
    assert await alerts.work() == 1
    assert browsers[0].arrived() == []
    assert [each["body"] for each in browsers[1].arrived()] == ["Ada: 2 changes"]


async def test_another_list_is_not_told_of(alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person) -> None:
    browser = await alerts.browser_of(ben)
    on = await alerts.want(ben, ada.household_id)
    await assistant.call("save_list", name="Hardware")
    await assistant.call("add_items", items=["nails"], list="Hardware")
    await alerts.gather(ada.household_id, on)
    assert await alerts.work() == 0
    assert browser.requests == []


async def test_what_was_undone_meanwhile_is_not_told(
    alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person
) -> None:
    browser = await alerts.browser_of(ben)
    on = await alerts.want(ben, ada.household_id)
    added = await assistant.call("add_items", items=["milk"])
    await alerts.gather(ada.household_id, on)
    await collect(alerts.engine, alerts.now)
    assert await count(alerts, ada, "push_outbox") == 1
    await assistant.call("undo", undo_ref=added["undo_ref"])
    assert await deliver(alerts.engine, alerts.sender, "", alerts.now) == 0
    assert browser.requests == []


async def test_quiet_hours_hold_back_and_collapse(
    alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person
) -> None:
    alerts.now = alerts.now.replace(hour=23, minute=0) + timedelta(days=1)
    browser = await alerts.browser_of(ben)
    on = await alerts.want(ben, ada.household_id)
    await alerts.settle(ben, AlertSettings(quiet=QuietHours(22 * 60, 7 * 60)))
    for name in ("milk", "bread"):
        await assistant.call("add_items", items=[name])
        await alerts.gather(ada.household_id, on)
        assert await alerts.work() == 0
        alerts.now += timedelta(hours=2)
    assert browser.requests == []
    alerts.now = alerts.now.replace(hour=6, minute=59)
    assert await alerts.work() == 0
    assert await alerts.work(after=timedelta(minutes=1)) == 1
    assert [each["body"] for each in browser.arrived()] == ["Ada added milk and bread"]


async def test_a_push_that_had_to_wait_is_held_back_as_well(
    alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person
) -> None:
    alerts.now = alerts.now.replace(hour=21, minute=58) + timedelta(days=1)
    browser = await alerts.browser_of(ben)
    on = await alerts.want(ben, ada.household_id)
    await alerts.settle(ben, AlertSettings(quiet=QuietHours(22 * 60, 7 * 60)))
    browser.answers(503)
    await assistant.call("add_items", items=["milk"])
    await alerts.gather(ada.household_id, on)
    assert await alerts.work() == 0
    browser.answers(201)
    assert await alerts.work(after=timedelta(minutes=5)) == 0
    assert len(browser.requests) == 1
    assert await alerts.work(after=timedelta(hours=9)) == 1


async def test_without_the_lists_text_a_push_has_none_of_it(
    alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person
) -> None:
    browser = await alerts.browser_of(ben)
    on = await alerts.want(ben, ada.household_id)
    await alerts.settle(ben, AlertSettings(without_text=True))
    await assistant.call("add_items", items=["pregnancy test"])
    await alerts.gather(ada.household_id, on)
    await alerts.work()
    (message,) = browser.arrived()
    assert message["body"] == "Something changed on one of your lists."
    for typed in ("pregnancy", "Groceries", "Ada"):
        assert typed not in str(message)


async def test_it_is_said_in_the_language_of_the_person(
    alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person
) -> None:
    browser = await alerts.browser_of(ben)
    on = await alerts.want(ben, ada.household_id)
    await alerts.settle(ben, AlertSettings(language="de"))
    await assistant.call("add_items", items=["Milch", "Mehl", "Brot", "Tee"])
    await alerts.gather(ada.household_id, on)
    await alerts.work()
    assert [each["body"] for each in browser.arrived()] == ["Ada hat Milch, Mehl und 2 weitere hinzugefügt"]


async def test_text_that_tries_to_be_markup_is_text_and_bounded(
    alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person
) -> None:
    browser = await alerts.browser_of(ben)
    on = await alerts.want(ben, ada.household_id)
    await alerts.settle(ben, AlertSettings(language="de"))
    await assistant.call("save_list", list="L1", name="%(who)s <b>{{ 7 * 7 }}")
    await assistant.call("add_items", items=[{"name": "<img src=x onerror=alert(1)> %s"}, "𝕏" * 200])
    await alerts.gather(ada.household_id, on)
    await alerts.work()
    ((_, body),) = browser.requests
    assert len(body) <= 4096, "what every push service takes (RFC 8030 section 7.2)"
    (message,) = browser.arrived()
    assert message["title"] == "%(who)s <b>{{ 7 * 7 }}"
    assert "<img src=x onerror=alert(1)> %s" in message["body"]


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_whose_address_has_ended_is_forgotten(
    alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person, status: int
) -> None:
    gone, other = await alerts.browser_of(ben), await alerts.browser_of(ben)
    gone.answers(status)
    on = await alerts.want(ben, ada.household_id)
    for name in ("milk", "bread"):
        await assistant.call("add_items", items=[name])
        await alerts.gather(ada.household_id, on)
        assert await alerts.work() == 1
    assert (len(gone.requests), len(other.requests)) == (1, 2)
    assert await count(alerts, ada, "push_subscriptions") == 1


async def test_what_a_push_service_can_not_take_now_is_sent_later_and_once(
    alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person
) -> None:
    busy, other = await alerts.browser_of(ben), await alerts.browser_of(ben)
    busy.answers(429)
    on = await alerts.want(ben, ada.household_id)
    await assistant.call("add_items", items=["milk"])
    await alerts.gather(ada.household_id, on)
    assert await alerts.work() == 1
    busy.answers(503)
    assert await alerts.work(after=RETRIES.wait(1)) == 0
    await assistant.call("add_items", items=["bread"])
    await alerts.gather(ada.household_id, on)
    busy.answers(201)
    await alerts.work(after=RETRIES.longest)
    assert [each["body"] for each in busy.arrived()][2:] == ["Ada added milk and bread"]
    assert [each["body"] for each in other.arrived()] == ["Ada added milk", "Ada added bread"]


async def test_an_old_push_is_not_sent_and_a_dead_browser_forgotten(
    alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person
) -> None:
    browser = await alerts.browser_of(ben)
    browser.answers(500)
    on = await alerts.want(ben, ada.household_id)
    for number in range(MOST_FAILURES):
        await assistant.call("add_items", items=[f"thing {number}"])
        await alerts.gather(ada.household_id, on)
        assert await alerts.work() == 0
        assert await alerts.work(after=timedelta(minutes=1)) == 0
        asked = len(browser.requests)
        assert await alerts.work(after=KEPT_FOR) == 0
        assert len(browser.requests) == asked
    assert await count(alerts, ada, "push_subscriptions") == 0


async def test_a_service_that_was_away_for_long_says_nothing_of_what_is_old(
    alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person
) -> None:
    browser = await alerts.browser_of(ben)
    await alerts.want(ben, ada.household_id)
    await assistant.call("add_items", items=["milk"])
    alerts.now += TOLD_FOR + timedelta(hours=1)
    await note_all(alerts.engine, alerts.now)
    assert await alerts.work() == 0
    assert browser.requests == []


async def test_a_change_that_nobody_noted_is_found_by_looking_at_all(
    alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person
) -> None:
    browser = await alerts.browser_of(ben)
    await alerts.want(ben, ada.household_id)
    await assistant.call("add_items", items=["milk"])
    assert await alerts.work(after=timedelta(minutes=5)) == 0
    await note_all(alerts.engine, alerts.now)
    assert await alerts.work() == 1
    assert len(browser.arrived()) == 1


async def test_two_workers_send_once(alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person) -> None:
    browsers = [await alerts.browser_of(ben) for _ in range(5)]
    on = await alerts.want(ben, ada.household_id)
    for name in ("milk", "bread"):
        await assistant.call("add_items", items=[name])
        await asyncio.gather(*(note_changes(alerts.engine, [(ada.household_id, on)], alerts.now) for _ in range(3)))
        alerts.now += GATHERED_FOR
        await asyncio.gather(*(alerts.work() for _ in range(4)))
        await asyncio.gather(*(alerts.work() for _ in range(4)))
        for browser in browsers:
            assert [each["body"] for each in browser.arrived()] == [f"Ada added {name}"]


async def test_what_a_worker_that_died_had_claimed_is_sent_by_another(
    alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person
) -> None:
    browser = await alerts.browser_of(ben)
    on = await alerts.want(ben, ada.household_id)
    await assistant.call("add_items", items=["milk"])
    await alerts.gather(ada.household_id, on)
    await collect(alerts.engine, alerts.now)
    async with transaction(alerts.engine) as connection:
        assert len(await claim_pushes(connection, alerts.now, 10, CLAIMED_FOR)) == 1
    assert await alerts.work() == 0
    assert await alerts.work(after=CLAIMED_FOR) == 1
    assert len(browser.arrived()) == 1


async def test_a_change_while_somebody_is_looking_is_not_lost(
    alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person
) -> None:
    """The note of it waits for the look to end, which may not have seen the change."""
    await alerts.browser_of(ben)
    on = await alerts.want(ben, ada.household_id)
    await assistant.call("add_items", items=["milk"])
    await alerts.gather(ada.household_id, on)
    key = (ada.household_id, ben.id, on)
    async with open_for_service(alerts.engine, ada.household_id, write=False) as tenant:
        assert await repository.lock_due(tenant.connection, key, alerts.now) is not None
        noting = asyncio.create_task(note_changes(alerts.engine, [(ada.household_id, on)], alerts.now))
        while not await rows(alerts.engine, ada.household_id, WAITING):
            await lowlevel.checkpoint()
        await repository.note_told(tenant.connection, key, 1)
    await noting
    (row,) = await rows(alerts.engine, ada.household_id, "SELECT due_at FROM list_alerts")
    assert row["due_at"] == alerts.now + GATHERED_FOR


async def test_who_was_removed_gets_nothing_not_even_what_was_on_its_way(
    alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person
) -> None:
    browser = await alerts.browser_of(ben)
    on = await alerts.want(ben, ada.household_id)
    await assistant.call("add_items", items=["milk"])
    await alerts.gather(ada.household_id, on)
    await collect(alerts.engine, alerts.now)
    async with transaction(alerts.engine) as connection:
        await delete_membership(connection, ada.household_id, ben.id)
    assert await alerts.work() == 0
    assert browser.requests == []
    assert await count(alerts, ada, "list_alerts") == 0
    assert await count(alerts, ada, "push_outbox") == 0


@pytest.mark.parametrize("how", ["sign out", "sign out everywhere", "expire"])
async def test_a_browser_that_is_signed_out_gets_nothing(
    alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person, how: str
) -> None:
    cookie = await alerts.sign_in(ben)
    browser = await alerts.browser_of(ben, cookie)
    on = await alerts.want(ben, ada.household_id)
    if how == "expire":
        alerts.now += SESSION_LIFE - timedelta(hours=1)
        await note_changes(alerts.engine, [(ada.household_id, on)], alerts.now)
    await assistant.call("add_items", items=["milk"])
    await alerts.gather(ada.household_id, on)
    await collect(alerts.engine, alerts.now)
    async with transaction(alerts.engine) as connection:
        if how == "sign out":
            await close_session(connection, cookie)
        elif how == "sign out everywhere":
            await close_all_sessions(connection, ben.id)
    assert await alerts.work(after=timedelta(hours=2) if how == "expire" else timedelta()) == 0
    assert browser.requests == []


async def test_another_household_hears_nothing(
    alerts: Alerts, assistant: McpClient, ada: Connected, factory: Factory
) -> None:
    """Not even somebody who has a row for a list that isn't theirs."""
    eve, hers = await factory.person("Eve")
    browser = await alerts.browser_of(eve)
    on = await alerts.want(ada.person, ada.household_id)
    await alerts.want(eve, hers)
    async with transaction(alerts.engine) as connection:
        await connection.execute(text("UPDATE list_alerts SET list_id = :on"), {"on": on})
    await assistant.call("add_items", items=["milk"])
    await note_all(alerts.engine, alerts.now)
    await note_changes(alerts.engine, [(ada.household_id, on), (hers, on)], alerts.now)
    assert await alerts.work(after=GATHERED_FOR) == 0
    assert browser.requests == []


async def test_a_household_is_deleted_with_what_waits(
    alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person
) -> None:
    browser = await alerts.browser_of(ben)
    on = await alerts.want(ben, ada.household_id)
    await assistant.call("add_items", items=["milk"])
    await alerts.gather(ada.household_id, on)
    await collect(alerts.engine, alerts.now)
    async with transaction(alerts.engine, ada.household_id, write=True) as connection:
        *_, household = await memberships_of(connection, ben.id)
        await connection.exec_driver_sql("DELETE FROM grant_households WHERE household_id = $1", (ada.household_id,))
        await delete_household(connection, ada.household_id, household.name, alerts.now, by=ada.person.id)
    assert await alerts.work() == 0
    assert browser.requests == []


async def test_of_very_many_browsers_the_newest_are_kept(alerts: Alerts, ada: Connected) -> None:
    for _ in range(MOST_BROWSERS + 2):
        alerts.now += timedelta(seconds=1)
        await alerts.browser_of(ada.person)
    assert await count(alerts, ada, "push_subscriptions") == MOST_BROWSERS


async def test_an_address_is_stored_encrypted(alerts: Alerts, ada: Connected) -> None:
    browser = await alerts.browser_of(ada.person)
    found: list[Any] = await rows(alerts.engine, ada.household_id, "SELECT * FROM push_subscriptions")
    stored = str([dict(each) for each in found])
    assert browser.path not in stored
    assert browser.path.encode() not in found[0]["sealed"]
    assert browser.key not in stored
