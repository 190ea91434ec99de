"""The running service on its addresses, in one process and in several."""

import asyncio

import httpx
import pytest

from app.settings import Settings
from tests.service import running_service

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

SECONDS = 60


async def answer_to(address: str, port: int, sent: bytes) -> bytes:
    """Everything that comes back to the end of the connection."""
    async with asyncio.timeout(SECONDS):
        reader, writer = await asyncio.open_connection(address, port)
        try:
            writer.write(sent)
            return await reader.read()
        finally:
            writer.close()


async def statuses(settings: Settings, addresses: list[str]) -> list[int]:
    """What is answered at each address. In several workers it is announced before anybody accepts connections."""
    found: list[int] = []
    async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=8), timeout=SECONDS) as http:
        for address in addresses:
            for _ in range(4):
                response = await http.get(f"http://{address}:{settings.port}/healthz")
                found.append(response.status_code)
    return found


@pytest.mark.proves("bind-local")
@pytest.mark.parametrize("workers", [1, 2])
async def test_localhost_answers_in_both_families_and_has_the_limits_of_heads(settings: Settings, workers: int) -> None:
    assert settings.host == "localhost"
    with running_service(settings.model_copy(update={"workers": workers})) as service:
        assert await statuses(settings, ["127.0.0.1", "[::1]", "localhost"]) == [200] * 12
        for address in ("127.0.0.1", "::1"):
            many = b"GET /healthz HTTP/1.1\r\n" + b"x: 1\r\n" * 1_000 + b"\r\n"
            assert (await answer_to(address, settings.port, many)).startswith(b"HTTP/1.1 431 ")
            long = b"GET /" + b"x" * 10_000 + b" HTTP/1.1\r\n\r\n"
            assert (await answer_to(address, settings.port, long)).startswith(b"HTTP/1.1 414 ")
        silent, slow = await asyncio.gather(
            answer_to("127.0.0.1", settings.port, b""), answer_to("::1", settings.port, b"GET /healthz HTTP/1.1\r\n")
        )
        assert silent == b""
        assert slow.startswith(b"HTTP/1.1 408 ")
        assert await statuses(settings, ["127.0.0.1"]) == [200] * 4
        assert service.stop() == 0
    assert f"Uvicorn running on http://localhost:{settings.port} " in "".join(service.log)
    assert "Traceback" not in "".join(service.log)


async def test_every_address_answers_in_both_families(settings: Settings) -> None:
    with running_service(settings.model_copy(update={"host": "::"})):
        assert await statuses(settings, ["127.0.0.1", "[::1]"]) == [200] * 8
