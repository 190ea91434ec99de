"""The load generator, a process of its own: `python -m bench.load` reads a Load and prints what it Measured, as JSON.

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
"""How long a run may go on after its end for the last answers."""

FEWEST: Final = 10
"""Calls per connection, however slow: fewer say nothing."""


class Load(BaseModel):
    """What to send, to whom, and for how long; `tokens` has one for each connection, `host` goes into the header."""

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
    """Successful requests, and how many a second, CPU per request in microseconds, and latencies in milliseconds."""

    requests: int
    rate: float
    server_cpu: float
    postgres_cpu: float
    p50: float
    p99: float


class Caller:
    """One connection with its person's token; every item it adds has a new name."""

    def __init__(self, load: Load, connection: HttpConnection, token: str) -> None:
        self._load = load
        self._connection = connection
        self._requests = requests(load.call, load.host, token, load.first_name)
        self._good: bytes | None = None

    async def call_until(self, end: float, most: int) -> list[float]:
        """Call again and again, some times even when `end` has passed; seconds of each call.

        Raises `WrongAnswer` at the first one that is no success.
        """
        latencies: list[float] = []
        while ((started := perf_counter()) < end or len(latencies) < FEWEST) and len(latencies) < most:
            name, request = next(self._requests)
            status, body = await self._connection.ask(request)
            latencies.append(perf_counter() - started)
            # An answer with the very bytes of one that was good need not be parsed again.
            if status != 200 or body != self._good:
                check(self._load.call, name, status, body)
                self._good = body
        return latencies


async def measure(load: Load) -> Measured:
    """Warm up, then measure.

    Raises `WrongAnswer` or `ConnectionError` when a call fails, `TimeoutError` when an answer does not come.
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
    """The program; 1 when a call failed, which one line on stderr tells."""
    load = Load.model_validate_json(sys.stdin.read())
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            print(runner.run(measure(load)).model_dump_json())
    except (WrongAnswer, OSError) as error:
        print(f"load: {str(error) or 'an answer did not come in time'}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
