"""Where limits count, and what happens while a shared place is away."""

import shutil
import subprocess
import time
from collections.abc import Generator
from pathlib import Path

import pytest
import structlog
from limits import RateLimitItemPerMinute

from app.limits import memory
from app.limits.counters import AWAY_SECONDS, SharedCounters, local_counters
from app.limits.defaults import REGISTRATIONS, SIGN_INS
from app.limits.memory import FixedWindowMemory, MovingWindowMemory
from app.limits.rate_limit import RateLimited, RateLimiter
from tests.service import free_port

pytestmark = pytest.mark.anyio

SERVER = shutil.which("redis-server") or shutil.which("valkey-server")
TWO = RateLimitItemPerMinute(2, namespace="twice")


class Redis:
    """A Redis server on a port of its own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://:secret@127.0.0.1:{self._port}/0"

    def start(self) -> None:
        assert SERVER is not None
        options = ["--port", str(self._port), "--requirepass", "secret", "--save", "", "--dir", str(self._directory)]
        self._process = subprocess.Popen([SERVER, *options], stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if b"Ready to accept connections" in line:
                return
        raise AssertionError("it did not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.communicate()
            self._process = None


@pytest.fixture
def redis(tmp_path: Path) -> Generator[Redis]:
    if SERVER is None:
        pytest.skip("there is no redis-server or valkey-server on this machine")
    server = Redis(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.mark.proves("""li-shared SHOULD own rule
    Limits are shared by processes where RATE_LIMIT_STORAGE_URL says so.
    Here: With RATE_LIMIT_STORAGE_URL all processes count in one Redis, and each by itself while it is away; calls and
    tokens of a grant are counted in each process.""")
async def test_processes_count_together_in_redis(redis: Redis) -> None:
    limiters = [RateLimiter(redis.url, rates={SIGN_INS: 2, REGISTRATIONS: 2}) for _ in range(2)]
    for limiter in limiters:
        await limiter.check(SIGN_INS, "192.0.2.1")
    for limiter in limiters:
        await limiter.check(SIGN_INS, "192.0.2.2")
        for ask in (limiter.check, limiter.peek):
            with pytest.raises(RateLimited) as refused:
                await ask(SIGN_INS, "192.0.2.1")
            assert 1 <= (refused.value.retry_after or 0) <= 60
    await limiters[0].check(REGISTRATIONS, "192.0.2.1")
    for limiter in limiters:
        await limiter.close()


async def test_while_redis_is_away_each_process_counts_by_itself_and_says_so(redis: Redis) -> None:
    now = 0.0
    shared = SharedCounters(redis.url, clock=lambda: now)
    assert await shared.hit(TWO, "a")
    redis.stop()
    with structlog.testing.capture_logs() as log:
        assert [await shared.hit(TWO, "a") for _ in range(3)] == [True, True, False]
        assert not await shared.has_room(TWO, "a")
        assert await shared.resets_at(TWO, "a") > time.time()
    # Once, not for every request; and it is not asked again at once.
    assert [each["log_level"] for each in log] == ["warning"]
    assert "secret" not in str(log)
    redis.start()
    assert not await shared.hit(TWO, "a")
    now += AWAY_SECONDS
    assert await shared.hit(TWO, "a")
    await shared.close()


@pytest.mark.proves("li-shared")
async def test_a_redis_that_refuses_or_was_never_there_stops_nobody() -> None:
    pytest.importorskip("redis")
    nowhere = SharedCounters(f"redis://127.0.0.1:{free_port()}/0")
    with structlog.testing.capture_logs() as log:
        assert [await nowhere.hit(TWO, "a") for _ in range(3)] == [True, True, False]
    assert len(log) == 1
    await nowhere.close()


def count_twice(storage: FixedWindowMemory | MovingWindowMemory, key: str, seconds: int) -> bool:
    """Count an event of which two are allowed; False for the third."""
    if isinstance(storage, FixedWindowMemory):
        return storage.incr(key, seconds) <= 2
    return storage.acquire_entry(key, 2, seconds)


@pytest.fixture(params=[FixedWindowMemory, MovingWindowMemory])
def storage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> FixedWindowMemory | MovingWindowMemory:
    """A memory for ten keys."""
    monkeypatch.setattr(memory, "MOST_KEYS", 10)
    return request.param()


def test_a_full_memory_keeps_the_newest_counts(storage: FixedWindowMemory | MovingWindowMemory) -> None:
    for number in range(100):
        for _ in range(2):
            assert count_twice(storage, str(number), 60)
        assert len(storage) <= 10
        for recent in range(max(0, number - 8), number + 1):
            assert not count_twice(storage, str(recent), 60), "made-up keys do not empty what others count"


def test_expired_keys_leave_a_full_memory_before_older_ones(storage: FixedWindowMemory | MovingWindowMemory) -> None:
    for _ in range(2):
        assert count_twice(storage, "a day", 86_400)
    for number in range(9):
        assert count_twice(storage, str(number), 0)
    assert count_twice(storage, "another", 60)
    assert len(storage) == 2
    assert not count_twice(storage, "a day", 86_400)


async def test_what_is_counted_for_one_limit_pushes_out_nothing_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST_KEYS", 10)
    other = RateLimitItemPerMinute(9, namespace="other")
    shared, local = SharedCounters(), local_counters()
    assert (
        [await shared.hit(TWO, "a") for _ in range(3)] == [local.hit(TWO, "a") for _ in range(3)] == [True, True, False]
    )
    for number in range(50):
        assert await shared.hit(other, str(number))
        assert local.hit(other, str(number))
    assert not await shared.hit(TWO, "a")
    assert not local.hit(TWO, "a")
