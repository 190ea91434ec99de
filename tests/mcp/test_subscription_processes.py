"""Streams of `python -m app serve`: two processes on one database, and stopping with streams open."""

import signal

import anyio
import httpx
import pytest

from app.settings import Settings
from tests.factory import Connected
from tests.mcp.client import McpClient
from tests.mcp.streaming import SECONDS, follow
from tests.service import Service, environment_of, free_port, running_service, start

pytestmark = [pytest.mark.anyio, pytest.mark.processes]


def connection_to(port: int, settings: Settings) -> httpx.AsyncClient:
    """A client of one process of the service, which knows itself by PUBLIC_URL wherever it listens."""
    # In several workers the address is announced before anybody accepts connections on it.
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}",
        headers={"Host": settings.public_parts.netloc},
        timeout=SECONDS,
        transport=httpx.AsyncHTTPTransport(retries=8),
    )


async def groceries_of(client: McpClient) -> str:
    ref = (await client.call("get_overview"))["household"]["ref"]
    return f"shopping://{ref}/lists/L1"


async def test_a_change_in_one_process_reaches_a_subscriber_at_the_other(
    ada: Connected, settings: Settings, service: Service
) -> None:
    second = settings.model_copy(update={"port": free_port()})
    with running_service(second):
        async with connection_to(settings.port, settings) as here, connection_to(second.port, settings) as there:
            one, two = McpClient(here, ada.token), McpClient(there, ada.token)
            uri = await groceries_of(one)
            async with follow(one, uri) as at_one, follow(two, uri) as at_two:
                for item, client in (("milk", one), ("bread", two), ("tea", one)):
                    await client.call("add_items", items=[item])
                    assert await at_one.uri() == uri
                    assert await at_two.uri() == uri


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_stopping_ends_open_streams_with_their_result(
    ada: Connected, settings: Settings, workers: int, number: signal.Signals
) -> None:
    started = start(environment_of(settings.model_copy(update={"workers": workers})), settings.public_url)
    try:
        await anyio.to_thread.run_sync(started.wait_until_started)
        async with connection_to(settings.port, settings) as http:
            client = McpClient(http, ada.token)
            uri = await groceries_of(client)
            async with follow(client, uri) as one, follow(client, uri) as two:
                started.process.send_signal(number)
                assert await one.uris_to_the_end() == []
                assert await two.uris_to_the_end() == []
        assert await anyio.to_thread.run_sync(started.stop) == 0
        assert "timeout graceful shutdown exceeded" not in "".join(started.log)
        assert "Traceback" not in "".join(started.log)
    finally:
        started.stop()
