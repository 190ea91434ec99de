"""The work in the background, from a change that a process hears of to the push; nothing here waits."""

from datetime import timedelta
from uuid import uuid4

import anyio
import pytest
from anyio import lowlevel
from starlette.applications import Starlette

from app.alerts.collect import GATHERED_FOR
from app.jobs.alerts import LOOKED_AT_ALL_EVERY, MOST_NOTED, AlertWork, Noted, work_once
from app.people.models import Person
from app.pubsub.notifications import ListChanged, MembersChanged, Refetch
from tests.alerts.conftest import Alerts
from tests.db.statements import recording
from tests.factory import Connected
from tests.mcp.client import McpClient

pytestmark = [pytest.mark.anyio, pytest.mark.own_app]


async def test_a_call_of_an_assistant_becomes_a_push_and_the_call_itself_stores_nothing_for_it(
    app: Starlette, alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person
) -> None:
    work, noted = AlertWork(alerts.engine, alerts.sender, None, "/shop"), Noted()
    app.state.pubsub.subscribe(noted.hear)
    browser = await alerts.browser_of(ben)
    await alerts.want(ben, ada.household_id)
    await work_once(work, noted, alerts.now)
    with recording() as recorder:
        await assistant.call("add_items", items=["milk"])
    sent = [each for transaction in recorder.transactions for each in transaction.statements]
    assert not [each for each in sent if "list_alerts" in each or "push" in each]
    await work_once(work, noted, alerts.now)
    assert browser.requests == []
    await work_once(work, noted, alerts.now + GATHERED_FOR)
    assert [each["url"].partition("?")[0] for each in browser.arrived()] == ["/shop/lists/L1"]
    await work_once(work, noted, alerts.now + LOOKED_AT_ALL_EVERY)
    assert browser.arrived() == []


@pytest.mark.parametrize("missed", ["refetch", "too many", "an hour"])
async def test_all_lists_are_looked_at_when_changes_may_have_been_missed(
    alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person, missed: str
) -> None:
    work, noted = AlertWork(alerts.engine, alerts.sender, None, ""), Noted()
    browser = await alerts.browser_of(ben)
    await alerts.want(ben, ada.household_id)
    await work_once(work, noted, alerts.now)
    await assistant.call("add_items", items=["milk"])
    noted.hear(MembersChanged(ada.household_id))
    await work_once(work, noted, alerts.now + timedelta(minutes=5))
    assert browser.requests == []
    if missed == "refetch":
        noted.hear(Refetch())
    if missed == "too many":
        for _ in range(MOST_NOTED + 1):
            noted.hear(ListChanged(uuid4(), uuid4(), 1))
    later = LOOKED_AT_ALL_EVERY if missed == "an hour" else timedelta(minutes=6)
    await work_once(work, noted, alerts.now + later)
    assert len(browser.arrived()) == 1


async def test_what_could_not_be_stored_and_what_came_meanwhile_stay_within_one_statement(
    alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person
) -> None:
    work, noted = AlertWork(alerts.engine, alerts.sender, None, ""), Noted()
    browser = await alerts.browser_of(ben)
    await alerts.want(ben, ada.household_id)
    await work_once(work, noted, alerts.now)
    await assistant.call("add_items", items=["milk"])
    changes = [ListChanged(uuid4(), uuid4(), 1) for _ in range(2 * MOST_NOTED)]
    for each in changes[:MOST_NOTED]:
        noted.hear(each)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(noted.write, alerts.engine, alerts.now)
        await lowlevel.checkpoint()
        for each in changes[MOST_NOTED:]:
            noted.hear(each)
        tasks.cancel_scope.cancel()
    await work_once(work, noted, alerts.now)
    await work_once(work, noted, alerts.now + GATHERED_FOR)
    assert len(browser.arrived()) == 1


async def test_as_many_lists_as_are_noted_fit_into_one_statement(
    alerts: Alerts, assistant: McpClient, ada: Connected, ben: Person
) -> None:
    work, noted = AlertWork(alerts.engine, alerts.sender, None, ""), Noted()
    browser = await alerts.browser_of(ben)
    on = await alerts.want(ben, ada.household_id)
    await work_once(work, noted, alerts.now)
    await assistant.call("add_items", items=["milk"])
    noted.hear(ListChanged(ada.household_id, on, 2))
    for _ in range(MOST_NOTED - 1):
        noted.hear(ListChanged(uuid4(), uuid4(), 1))
    await work_once(work, noted, alerts.now)
    await work_once(work, noted, alerts.now + GATHERED_FOR)
    assert len(browser.arrived()) == 1
