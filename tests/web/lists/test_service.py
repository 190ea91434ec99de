"""Open pages at a service of its own: over real HTTP, between two replicas, until it stops."""

import signal

import anyio
import pytest

from app.db import Engine, transaction
from app.households.repository import memberships_of
from app.people.session_repository import open_session
from app.runtime.clock import system_clock
from app.settings import Settings
from app.ui.cookies import NAME
from tests.factory import Connected
from tests.mcp.client import McpClient
from tests.mcp.test_subscription_processes import connection_to
from tests.service import Service, free_port, running_service

pytestmark = [pytest.mark.anyio, pytest.mark.processes]


async def test_a_change_at_one_replica_is_told_at_the_other_and_a_stop_ends_the_stream(
    settings: Settings, service: Service, engine: Engine, ada: Connected
) -> None:
    async with transaction(engine) as connection:
        cookie = await open_session(connection, ada.person.id, system_clock())
        [household] = await memberships_of(connection, ada.person.id)
    second = settings.model_copy(update={"port": free_port()})
    address = f"/lists/L1/live?household={household.ref}"
    with running_service(second):
        async with connection_to(settings.port, settings) as here, connection_to(second.port, settings) as there:
            async with here.stream("GET", address, headers={"Cookie": f"{NAME}={cookie}"}) as page:
                assert page.status_code == 200
                lines = page.aiter_lines()
                seen = [await anext(lines) for _ in range(5)]
                assert seen == ["retry: 2000", "", "event: changed", "data: 0", ""]
                added = await McpClient(there, ada.token).call("add_items", items=["milk"])
                assert [await anext(lines) for _ in range(2)] == ["event: changed", f"data: {added['rev']}"]
                service.process.send_signal(signal.SIGTERM)
                assert {line async for line in lines} <= {"", ": still here"}
            assert await anyio.to_thread.run_sync(service.stop) == 0
    assert "timeout graceful shutdown exceeded" not in "".join(service.log)
    assert "Traceback" not in "".join(service.log)
