"""The running service: what it does is recorded and chained when it stops, and what is lost when it is killed."""

import signal
from typing import Any

import httpx
import pytest

from app.db import Engine
from app.settings import Settings
from tests.audit.conftest import Record
from tests.audit.looking import stored
from tests.factory import Connected
from tests.mcp.client import McpClient
from tests.mcp.looking import rows
from tests.service import Service, running_service

pytestmark = pytest.mark.anyio


async def add(settings: Settings, ada: Connected, number: int) -> None:
    async with httpx.AsyncClient(base_url=settings.public_url) as http:
        client = McpClient(http, ada.token)
        for each in range(number):
            await client.call("add_items", items=[f"thing {each}"])


async def called(engine: Engine) -> list[dict[str, Any]]:
    return [row for row in await stored(engine) if row["action"] == "tool_called"]


@pytest.mark.processes
async def test_a_service_that_stops_leaves_everything_recorded_and_chained(
    ada: Connected, settings: Settings, service: Service, engine: Engine, record: Record
) -> None:
    await add(settings, ada, 5)
    assert service.stop() == 0
    assert len(await called(engine)) == 5
    verdict = await record.verify()
    assert (verdict.waiting, verdict.fault) == (0, None)
    assert any(str(verdict.head) in line for line in service.log)


@pytest.mark.processes
async def test_a_service_that_is_killed_loses_no_event_and_the_next_one_chains_what_was_written(
    ada: Connected, settings: Settings, service: Service, engine: Engine, record: Record
) -> None:
    await add(settings, ada, 20)
    service.stop(signal.SIGKILL)
    assert len(await called(engine)) <= 20
    assert len(await rows(engine, ada.household_id, "SELECT * FROM events WHERE kind = 'add_items'")) == 20
    with running_service(settings) as again:
        assert again.process.poll() is None
    verdict = await record.verify()
    assert (verdict.waiting, verdict.fault) == (0, None)
