"""The load generator, a separate process: `python -m bench.load` reads a `Load` and prints what it `Measured`, as JSON.

Load only ever goes to this machine.
"""

import asyncio
import sys
from statistics import quantiles
from time import perf_counter
from typing import Final

import uvloop
from pydantic import BaseModel

from bench.connection import HttpConnection
from bench.cpu import cpu_seconds
from bench.messages import WrongAnswer, check, requests
from bench.plan import Call

LOOPBACK: Final = "127.0.0.1"
ANSWER_SECONDS: Final = 60
"""How long a run may continue after its end, for the last responses."""

FEWEST: Final = 10
"""The least number of calls per connection, however slow: fewer are not a measurement."""


class Load(BaseModel):
    """What to send, where to, and for how long: one token for each connection; `host` is the value of the header."""

    call: Call
    host: str
    port: int
    tokens: list[str]
    warm_up_seconds: float
    seconds: float
    most_requests: int
    first_name: int = 0
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


class Caller:
    """One connection with one person's token; every item that it adds has a new name."""

    def __init__(self, load: Load, connection: HttpConnection, token: str) -> None:
        self._load = load
        self._connection = connection
        self._requests = requests(load.call, load.host, token, load.first_name)
        self._last_valid: bytes | None = None

    async def call_until(self, end: float, most: int) -> list[float]:
        """Call until `end`, but at least FEWEST and at most `most` times; return the seconds of each call.

        Raises `WrongAnswer` at the first call that fails.
        """
        latencies: list[float] = []
        while ((started := perf_counter()) < end or len(latencies) < FEWEST) and len(latencies) < most:
            name, request = next(self._requests)
            status, body = await self._connection.send(request)
            latencies.append(perf_counter() - started)
            # A response with the same bytes as a valid one needs no parsing.
            if status != 200 or body != self._last_valid:
                check(self._load.call, name, status, body)
                self._last_valid = body
        return latencies


async def measure(load: Load) -> Measured:
    """Warm up, then measure.

    Raises `WrongAnswer` or `ConnectionError` if a call fails, `TimeoutError` if a response doesn't arrive.
    """
    loop = asyncio.get_running_loop()
    connections = [(await loop.create_connection(HttpConnection, LOOPBACK, load.port))[1] for _ in load.tokens]
    callers = [Caller(load, *each) for each in zip(connections, load.tokens, strict=True)]
    try:
        async with asyncio.timeout(load.warm_up_seconds + load.seconds + ANSWER_SECONDS):
            await _call(callers, load.warm_up_seconds, load.most_requests // 10)
            server, postgres = cpu_seconds(load.server_pid), cpu_seconds(load.postgres_pid)
            started = perf_counter()
            latencies = await _call(callers, load.seconds, load.most_requests)
            elapsed = perf_counter() - started
            server, postgres = cpu_seconds(load.server_pid) - server, cpu_seconds(load.postgres_pid) - postgres
    finally:
        for connection in connections:
            connection.close()
    percentiles = quantiles(latencies, n=100, method="inclusive")
    return Measured(
        requests=len(latencies),
        rate=len(latencies) / elapsed,
        server_cpu=server / len(latencies) * 1e6,
        postgres_cpu=postgres / len(latencies) * 1e6,
        p50=percentiles[49] * 1e3,
        p99=percentiles[98] * 1e3,
    )


async def _call(callers: list[Caller], seconds: float, most: int) -> list[float]:
    end = perf_counter() + seconds
    latencies = await asyncio.gather(*(caller.call_until(end, most) for caller in callers))
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
