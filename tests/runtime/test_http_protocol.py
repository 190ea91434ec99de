"""Connections over real sockets: what is too large, too much, too slow or silent ends, and nothing else does."""

import asyncio
import resource
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from app.runtime.http_protocol import (
    CONNECTIONS,
    DESCRIPTORS,
    LARGEST_HEAD,
    LONGEST_URL,
    MOST_HEADERS,
    MOST_PIPELINED,
    BoundedHttpProtocol,
    connections_within,
)
from app.serve import uvicorn_options
from app.settings import Settings
from tests.mcp.streaming import PortServer

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

SECONDS = 30
"""How long a test waits for what must come."""

SHORT = 0.3
HOST = b"host: localhost"


class ShortProtocol(BoundedHttpProtocol):
    """As the service has it, with times that a test can wait for."""

    head_seconds: ClassVar[float] = SHORT
    stalled_seconds: ClassVar[float] = SHORT


class Application:
    """Answers with what it was sent; `/early` doesn't read, `/waits` answers when told, `/large` sends 50 MB."""

    def __init__(self) -> None:
        self.served: list[Scope] = []
        self.may_answer = asyncio.Event()
        self.left = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        self.served.append(scope)
        body = b""
        if scope["path"] != "/early":
            while (message := await receive())["type"] == "http.request":
                body += message["body"]
                if not message["more_body"]:
                    break
        if scope["path"] == "/waits":
            await self.may_answer.wait()
        answer = b"x" * 50_000_000 if scope["path"] == "/large" else scope["method"].encode() + b" " + body
        headers = [(b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        try:
            for start in range(0, len(answer), 100_000):
                part = answer[start : start + 100_000]
                await send({"type": "http.response.body", "body": part, "more_body": start + len(part) < len(answer)})
        finally:
            self.left.set()


class Served:
    """A running server and its connections."""

    def __init__(self, server: uvicorn.Server, app: Application, port: int) -> None:
        self.server = server
        self.app = app
        self._port = port
        self._writers: list[asyncio.StreamWriter] = []

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers.append(writer)
        return reader, writer

    async def answer(self, sent: bytes) -> bytes:
        """Everything that comes back, to the end of the connection, when all is sent at once."""
        reader, writer = await self.connect()
        writer.write(sent)
        return await to_the_end(reader)

    async def close(self) -> None:
        for writer in self._writers:
            writer.close()
        self.server.should_exit = True


async def to_the_end(reader: asyncio.StreamReader) -> bytes:
    """Everything until the server closes the connection."""
    received = bytearray()
    async with asyncio.timeout(SECONDS):
        try:
            while part := await reader.read(65_536):
                received += part
        except ConnectionResetError:  # behind a refusal, if more was sent than was read
            pass
    return bytes(received)


@asynccontextmanager
async def serving(protocol: type[BoundedHttpProtocol] = BoundedHttpProtocol, **options: Any) -> AsyncGenerator[Served]:
    app = Application()
    served_with: dict[str, Any] = {
        **uvicorn_options(Settings()),
        "host": "127.0.0.1",
        "port": 0,
        "http": protocol,
        **options,
    }
    server = PortServer(uvicorn.Config(app, lifespan="off", **served_with))
    running = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(SECONDS):
            await server.ready.wait()
        served = Served(server, app, server.servers[0].sockets[0].getsockname()[1])
        yield served
        await served.close()
    finally:
        server.should_exit = True
        await running


@pytest.fixture
async def served() -> AsyncGenerator[Served]:
    async with serving() as running:
        yield running


@pytest.fixture
async def quick() -> AsyncGenerator[Served]:
    async with serving(ShortProtocol) as running:
        yield running


def head(*lines: bytes, line: bytes = b"GET / HTTP/1.1", close: bool = True) -> bytes:
    return b"\r\n".join([line, HOST, *([b"connection: close"] if close else []), *lines, b"", b""])


def status_of(answer: bytes) -> bytes:
    return answer.partition(b"\r\n")[0]


TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large"
TIMEOUT = b"HTTP/1.1 408 Request Timeout"
OK = b"HTTP/1.1 200 OK"


@pytest.mark.proves("""li-head MUST RFC 6585 §5; RFC 9110 §15.5.9, §15.5.15
    Requests with too large a head are refused before they cost much.
    Here: A head has at most 100 headers and 32 KiB, an address 8 KiB, and a head ten seconds; above it, 431, 414 or 408
    and the connection ends, as it does with trailers of more than 64 KiB. Nothing is kept beyond that.""")
async def test_a_header_of_80_megabytes_ends_at_once_and_costs_little(served: Served) -> None:
    before, memory = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reader, writer = await served.connect()
    writer.write(head(line=b"GET / HTTP/1.1")[:-2] + b"x-large: ")
    part = b"x" * 65_536

    async def send() -> None:
        for _ in range(80_000_000 // len(part)):
            writer.write(part)
            await writer.drain()

    sending = asyncio.create_task(send())
    async with asyncio.timeout(SECONDS):
        answer = await reader.readuntil(b"request line.")
        assert status_of(answer) == TOO_LARGE
        with pytest.raises(ConnectionError):
            await sending
    assert time.process_time() - before < 0.5
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) < 16 * 1024
    assert served.app.served == []


@pytest.mark.proves("li-head")
@pytest.mark.parametrize("count", [MOST_HEADERS - 2 + 1, 1_000, 100_000])
async def test_more_lines_than_allowed_are_431(served: Served, count: int) -> None:
    answer = await served.answer(head(*(b"x-%d: 1" % number for number in range(count))))
    assert status_of(answer) == TOO_LARGE
    assert b"connection: close" in answer
    assert served.app.served == []


async def test_as_many_lines_as_allowed_are_served(served: Served) -> None:
    answer = await served.answer(head(*(b"x-%d: 1" % number for number in range(MOST_HEADERS - 2))))
    assert status_of(answer) == OK
    assert len(served.app.served[0]["headers"]) == MOST_HEADERS


def head_of_size(size: int) -> bytes:
    short = head(b"x-large: ")
    return head(b"x-large: " + b"x" * (size - len(short)))


async def test_a_head_may_have_just_its_limit_and_one_byte_more_is_431(served: Served) -> None:
    assert len(head_of_size(LARGEST_HEAD)) == LARGEST_HEAD
    assert status_of(await served.answer(head_of_size(LARGEST_HEAD))) == OK
    assert status_of(await served.answer(head_of_size(LARGEST_HEAD + 1))) == TOO_LARGE


@pytest.mark.proves("li-head")
async def test_an_address_may_have_just_its_limit_and_one_byte_more_is_414(served: Served) -> None:
    async def get(length: int) -> bytes:
        return await served.answer(head(line=b"GET /" + b"x" * (length - 1) + b" HTTP/1.1"))

    assert status_of(await get(LONGEST_URL)) == OK
    for length in (LONGEST_URL + 1, 1_000_000):
        assert status_of(await get(length)) == b"HTTP/1.1 414 Request-URI Too Long"
    assert len(served.app.served) == 1


async def test_a_request_may_be_cut_at_every_byte(served: Served) -> None:
    request = head(b"content-length: 5", line=b"POST /a?b=c HTTP/1.1", close=False) + b"12345"
    reader, writer = await served.connect()
    for at in range(1, len(request)):
        for part in (request[:at], request[at:]):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)
        answer = await reader.readuntil(b"\r\n\r\n")
        assert status_of(answer) == OK
        assert await reader.readexactly(10) == b"POST 12345"
    assert {(scope["path"], scope["query_string"]) for scope in served.app.served} == {("/a", b"b=c")}
    assert all(len(scope["headers"]) == 2 for scope in served.app.served)


async def test_a_large_head_may_come_byte_by_byte(served: Served) -> None:
    reader, writer = await served.connect()
    for byte in head_of_size(LARGEST_HEAD - 1):
        writer.write(bytes([byte]))
        await asyncio.sleep(0)
    assert status_of(await to_the_end(reader)) == OK


@pytest.mark.proves("li-head")
async def test_a_head_that_comes_slowly_is_408(quick: Served) -> None:
    reader, writer = await quick.connect()
    started = time.monotonic()
    ended = asyncio.create_task(to_the_end(reader))
    writer.write(head()[:-2] + b"x-slow: ")
    for _ in range(1_000):
        writer.write(b"x")
        if (await asyncio.wait([ended], timeout=SHORT / 20))[0]:
            break
    assert status_of(await ended) == TIMEOUT
    assert SHORT <= time.monotonic() - started < SECONDS / 2
    assert quick.app.served == []


@pytest.mark.proves("""li-silence SHOULD own rule
    Nobody keeps connections open for nothing.
    Here: A connection without a request in progress ends after ten seconds whatever is sent on it, an idle one after
    five, and one whose client reads nothing of its answer after a minute. A process has at most 4,000.""")
@pytest.mark.parametrize("sent", [b"", b"\r\n", b"\r\n\r\n"])
async def test_a_connection_without_a_request_ends_without_an_answer(quick: Served, sent: bytes) -> None:
    assert await quick.answer(sent) == b""


@pytest.mark.proves("li-silence")
async def test_empty_lines_keep_no_connection_open(quick: Served) -> None:
    reader, writer = await quick.connect()
    writer.write(head(close=False))
    assert status_of(await reader.readuntil(b"GET ")) == OK
    ended = asyncio.create_task(to_the_end(reader))
    for _ in range(1_000):
        writer.write(b"\r\n")
        if (await asyncio.wait([ended], timeout=SHORT / 20))[0]:
            break
    assert await ended == b""


@pytest.mark.proves("li-silence")
async def test_a_kept_connection_ends_when_it_is_idle() -> None:
    async with serving(timeout_keep_alive=0.2) as served:
        assert status_of(await served.answer(head(close=False))) == OK


async def test_the_next_request_of_a_kept_connection_has_its_time_too(quick: Served) -> None:
    reader, writer = await quick.connect()
    writer.write(head(close=False))
    assert status_of(await reader.readuntil(b"GET ")) == OK
    writer.write(b"GET / HTTP/1.1\r\nx-slow: ")
    assert status_of(await to_the_end(reader)) == TIMEOUT


async def test_an_answer_may_take_longer_than_a_head(quick: Served) -> None:
    reader, writer = await quick.connect()
    writer.write(head(line=b"GET /waits HTTP/1.1"))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(SHORT * 2):
            await reader.read(1)
    quick.app.may_answer.set()
    assert status_of(await to_the_end(reader)) == OK


async def test_pipelined_requests_are_answered_in_turn(served: Served) -> None:
    requests = [head(b"content-length: 1", line=b"POST / HTTP/1.1", close=False) + b"%d" % n for n in range(9)]
    answer = await served.answer(b"".join(requests) + head())
    assert answer.count(OK) == 10
    assert [int(part[:1]) for part in answer.split(b"POST ")[1:]] == list(range(9))


async def test_a_pipelined_head_behind_a_body_is_measured_as_well(served: Served) -> None:
    first = head(b"content-length: 100000", line=b"POST / HTTP/1.1", close=False) + b"x" * 100_000
    assert (await served.answer(first + head_of_size(LARGEST_HEAD))).count(OK) == 2
    await served.answer(first + head_of_size(LARGEST_HEAD + 1))
    assert [scope["method"] for scope in served.app.served] == ["POST", "GET", "POST"]


async def test_requests_that_wait_for_an_answer_are_few(served: Served) -> None:
    answer = await served.answer(head(line=b"GET /waits HTTP/1.1", close=False) + head(close=False) * 10_000)
    assert answer == b""
    assert len(served.app.served) == 1
    assert len(served.server.server_state.tasks) <= MOST_PIPELINED
    served.app.may_answer.set()


@pytest.mark.proves("li-head")
@pytest.mark.parametrize("size", [3 * LARGEST_HEAD, 10_000_000])
async def test_trailers_end_as_heads_do(served: Served, size: int) -> None:
    start = head(b"transfer-encoding: chunked", line=b"POST / HTTP/1.1") + b"1\r\nx\r\n0\r\n"
    for trailers in (b"x-large: " + b"x" * size + b"\r\n", b"a: b\r\n" * (size // 6)):
        assert not (await served.answer(start + trailers + b"\r\n")).startswith(OK)


@pytest.mark.proves("""li-trailers MUST RFC 9110 §6.5.1
    Fields behind a body are not taken for headers.
    Here: They are dropped, so nobody adds a header behind a proxy that removes it.""")
async def test_trailers_are_no_headers(served: Served) -> None:
    start = head(b"transfer-encoding: chunked", line=b"POST / HTTP/1.1")
    answer = await served.answer(start + b"1\r\nx\r\n0\r\nx-forwarded-for: 192.0.2.1\r\nauthorization: x\r\n\r\n")
    assert answer.endswith(b"POST x")
    names = [name for name, _ in served.app.served[0]["headers"]]
    assert names == [b"host", b"connection", b"transfer-encoding"]


async def test_a_body_in_many_chunks_is_read(served: Served) -> None:
    start = head(b"transfer-encoding: chunked", line=b"POST / HTTP/1.1")
    answer = await served.answer(start + b"1\r\nx\r\n" * 50_000 + b"0\r\n\r\n")
    assert answer.endswith(b"POST " + b"x" * 50_000)


@pytest.mark.proves("li-silence")
async def test_a_body_that_nobody_reads_and_that_never_ends_ends_with_the_connection(quick: Served) -> None:
    reader, writer = await quick.connect()
    writer.write(head(b"content-length: 1000000", line=b"POST /early HTTP/1.1", close=False))
    assert status_of(await reader.readuntil(b"POST ")) == OK
    ended = asyncio.create_task(to_the_end(reader))
    for _ in range(1_000):
        writer.write(b"x")
        if (await asyncio.wait([ended], timeout=SHORT / 20))[0]:
            break
    assert await ended == b""


@pytest.mark.proves("li-silence")
async def test_a_client_that_reads_nothing_is_left(quick: Served) -> None:
    reader, writer = await quick.connect()
    writer.transport.pause_reading()  # type: ignore[union-attr]
    writer.write(head(line=b"GET /large HTTP/1.1"))
    async with asyncio.timeout(SECONDS):
        await quick.app.left.wait()
    writer.transport.resume_reading()  # type: ignore[union-attr]
    assert len(await to_the_end(reader)) < 50_000_000


async def test_what_is_no_http_is_400(served: Served) -> None:
    answer = await served.answer(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    assert status_of(answer) == b"HTTP/1.1 400 Bad Request"


async def test_websockets_are_refused_as_before(served: Served) -> None:
    answer = await served.answer(
        head(
            b"connection: upgrade",
            b"upgrade: websocket",
            b"sec-websocket-version: 13",
            b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
            close=False,
        )
    )
    assert status_of(answer) == b"HTTP/1.1 403 Forbidden"


async def test_more_connections_than_allowed_are_503_or_nothing() -> None:
    async with serving(limit_concurrency=2) as served:
        reader, writer = await served.connect()
        writer.write(head(close=False))
        assert status_of(await reader.readuntil(b"GET ")) == OK
        assert status_of(await served.answer(head())) == b"HTTP/1.1 503 Service Unavailable"


@pytest.mark.proves("li-silence")
async def test_connections_far_above_the_limit_are_closed_at_once() -> None:
    async with serving(limit_concurrency=10) as served:
        opened = [await served.connect() for _ in range(12)]
        assert await to_the_end(opened[-1][0]) == b""
        opened[0][1].write(head())
        assert status_of(await to_the_end(opened[0][0])) == b"HTTP/1.1 503 Service Unavailable"


def test_a_process_with_few_descriptors_has_fewer_connections() -> None:
    assert connections_within(DESCRIPTORS) == CONNECTIONS
    assert connections_within(1_024) == 682
