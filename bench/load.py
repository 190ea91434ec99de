"""The load generator, a separate process: `python -m bench.load` reads a `Load` and prints what it `Measured`, as JSON.

Load only ever goes to this machine.
"""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from statistics import quantiles
from time import perf_counter
from typing import Final

import uvloop
from pydantic import BaseModel

from bench.connection import HttpConnection
from bench.cpu import cpu_seconds
from bench.messages import WrongAnswer, check, requests, tool_request, undo_ref_of
from bench.plan import Beside, Call

LOOPBACK: Final = "127.0.0.1"
ANSWER_SECONDS: Final = 60
"""How long a run may continue after its end, for the last responses."""

SILENCE_SECONDS: Final = 2.2
"""How long people are silent: longer than the service keeps what it knows about a caller."""

FEWEST: Final = 10
"""The least number of calls per connection, however slow: fewer are not a measurement."""


class Load(BaseModel):
    """What to send, where to, and for how long; `host` is the value of the header."""

    call: Call
    host: str
    port: int
    tokens: list[str]
    """People; they share the connections evenly, and those of one connection call one after the other."""
    connections: int
    warm_up_seconds: float
    seconds: float
    most_requests: int
    """The most calls of each person; the warm-up makes a tenth of it at most."""
    first_name: int = 0
    names_apart: int = 0
    """How far the names of two people's new items are apart; with 0 all send the same names."""
    silences: int = 0
    """Instead of calling for some time, fall silent this often, then call once each."""
    after_silence: int = 1
    """Which call after a silence is measured."""
    beside: Beside | None = None
    """Instead of calling for some time, call while this goes on."""
    beside_token: str = ""
    server_pid: int
    postgres_pid: int


class Measured(BaseModel):
    """The number of successful requests, their rate per second, CPU per request (us) and latencies (ms)."""

    requests: int
    rate: float
    server_cpu: float
    postgres_cpu: float
    p50: float
    p99: float
    worst: float


class Meter:
    """Adds up latencies, time and CPU time of the blocks that it is entered for."""

    def __init__(self, load: Load) -> None:
        self._pids = (load.server_pid, load.postgres_pid)
        self._used = [0.0, 0.0, 0.0]
        self.latencies: list[float] = []

    def __enter__(self) -> None:
        self._before = self._read()

    def __exit__(self, *_: object) -> None:
        self._used = [
            used + now - before for used, now, before in zip(self._used, self._read(), self._before, strict=True)
        ]

    def _read(self) -> list[float]:
        return [perf_counter(), *map(cpu_seconds, self._pids)]

    @property
    def measured(self) -> Measured:
        """Return the figures."""
        number, (elapsed, server, postgres) = len(self.latencies), self._used
        percentiles = quantiles(self.latencies, n=100, method="inclusive")
        return Measured(
            requests=number,
            rate=number / elapsed,
            server_cpu=server / number * 1e6,
            postgres_cpu=postgres / number * 1e6,
            p50=percentiles[49] * 1e3,
            p99=percentiles[98] * 1e3,
            worst=max(self.latencies) * 1e3,
        )


class Caller:
    """A person on a connection; every item that it adds has a new name."""

    def __init__(self, load: Load, connection: HttpConnection, number: int) -> None:
        self._load = load
        self._connection = connection
        first_name = load.first_name + number * load.names_apart
        self._requests = requests(load.call, load.host, load.tokens[number], first_name)
        self._last_valid: bytes | None = None

    async def call(self) -> float:
        """Call once; return the seconds that it took. Raises `WrongAnswer` if it fails."""
        name, request = next(self._requests)
        started = perf_counter()
        status, body = await self._connection.send(request)
        seconds = perf_counter() - started
        # A response with the same bytes as a valid one needs no parsing.
        if status != 200 or body != self._last_valid:
            check(self._load.call, name, status, body)
            self._last_valid = body
        return seconds

    async def call_until(self, end: float, most: int) -> list[float]:
        """Call until `end`, but at least FEWEST and at most `most` times; return the seconds of each call."""
        latencies: list[float] = []
        while (perf_counter() < end or len(latencies) < FEWEST) and len(latencies) < most:
            latencies.append(await self.call())
        return latencies

    async def call_during(self, other: "asyncio.Task[float]") -> list[float]:
        """Call until `other` is done; return the seconds of each call."""
        latencies: list[float] = []
        while not other.done():
            latencies.append(await self.call())
        return latencies


async def measure(load: Load) -> Measured:
    """Warm up, then measure.

    Raises `WrongAnswer` or `ConnectionError` if a call fails, `TimeoutError` if a response doesn't arrive.
    """
    connections = [await _connect(load) for _ in range(load.connections)]
    meter = Meter(load)
    try:
        callers = [Caller(load, connections[number % load.connections], number) for number in range(len(load.tokens))]
        silences = load.silences * (SILENCE_SECONDS + ANSWER_SECONDS)
        async with asyncio.timeout(load.warm_up_seconds + load.seconds + silences + ANSWER_SECONDS):
            if load.silences:
                await _call_after_silences(load, callers, meter)
            else:
                await _call_until(callers, load.warm_up_seconds, load.most_requests // 10)
                if load.beside is None:
                    with meter:
                        meter.latencies += await _call_until(callers, load.seconds, load.most_requests)
                else:
                    await _call_beside(load, callers, meter)
    finally:
        for connection in connections:
            connection.close()
    return meter.measured


async def _connect(load: Load) -> HttpConnection:
    loop = asyncio.get_running_loop()
    return (await loop.create_connection(HttpConnection, LOOPBACK, load.port))[1]


async def _call_until(callers: Sequence[Caller], seconds: float, most: int) -> list[float]:
    end = perf_counter() + seconds
    return _all(await asyncio.gather(*(caller.call_until(end, most) for caller in callers)))


async def _call_after_silences(load: Load, callers: Sequence[Caller], meter: Meter) -> None:
    async def call_in_turn(some: Sequence[Caller]) -> list[float]:
        return [await caller.call() for caller in some]

    async def call_once() -> list[float]:
        groups = (callers[number :: load.connections] for number in range(load.connections))
        return _all(await asyncio.gather(*map(call_in_turn, groups)))

    await call_once()
    for _ in range(load.silences):
        await asyncio.sleep(SILENCE_SECONDS)
        for _ in range(load.after_silence - 1):
            await call_once()
        with meter:
            meter.latencies += await call_once()


async def _call_beside(load: Load, callers: Sequence[Caller], meter: Meter) -> None:
    """Call while one call changes thousands of items; the loads with `undo` measure that of the removal."""
    connection = await _connect(load)

    async def change(tool: Beside, arguments: Mapping[str, object]) -> str:
        request = tool_request(load.host, load.beside_token, tool, arguments)
        return undo_ref_of(tool, *await connection.send(request))

    async def timed(tool: Beside, arguments: Mapping[str, object]) -> float:
        started = perf_counter()
        await change(tool, arguments)
        return perf_counter() - started

    try:
        everything = {"what": "checked"}
        arguments = {"undo_ref": await change("remove_items", everything)} if load.beside == "undo" else everything
        other = asyncio.create_task(timed(load.beside or "remove_items", arguments))
        with meter:
            meter.latencies += _all(await asyncio.gather(*(caller.call_during(other) for caller in callers)))
        await other
    finally:
        connection.close()


def _all(latencies: Sequence[list[float]]) -> list[float]:
    return [latency for each in latencies for latency in each]


def main() -> int:
    """Generate the load read from stdin; return 1 if a call failed, after one line on stderr about it."""
    load = Load.model_validate_json(sys.stdin.read())
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            print(runner.run(measure(load)).model_dump_json())
    except (WrongAnswer, OSError) as error:
        print(f"load: {str(error) or 'a response did not arrive in time'}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
