"""Where limits count, and what happens while a shared place is away."""

import shutil
import subprocess
import time
from collections.abc import Generator
from pathlib import Path

import pytest
import structlog
from limits import RateLimitItemPerMinute

from app.limits import counters
from app.limits.counters import AWAY_SECONDS, Counters
from app.limits.rate_limit import RateLimit
from tests.service import free_port

pytestmark = pytest.mark.anyio

SERVER = shutil.which("redis-server") or shutil.which("valkey-server")
TWO = RateLimitItemPerMinute(2)


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
    first, second = Counters(redis.url), Counters(redis.url)
    limits = [RateLimit(2, name="sign-ins", counters=each) for each in (first, second)]
    assert [await limit.hit("192.0.2.1") for limit in limits] == [None, None]
    for limit in limits:
        assert await limit.hit("192.0.2.2") is None
        for wait in (await limit.hit("192.0.2.1"), await limit.wait("192.0.2.1")):
            assert wait is not None
            assert 1 <= wait <= 60
    other = RateLimit(2, name="registrations", counters=first)
    assert await other.hit("192.0.2.1") is None
    await first.close()
    await second.close()


async def test_while_redis_is_away_each_process_counts_by_itself_and_says_so(redis: Redis) -> None:
    now = 0.0
    shared = Counters(redis.url, clock=lambda: now)
    assert await shared.hit(TWO, "a")
    redis.stop()
    with structlog.testing.capture_logs() as log:
        assert [await shared.hit(TWO, "a") for _ in range(3)] == [True, True, False]
        assert not await shared.has_room(TWO, "a")
        assert await shared.room_at(TWO, "a") > time.time()
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
    nowhere = Counters(f"redis://127.0.0.1:{free_port()}/0")
    with structlog.testing.capture_logs() as log:
        assert [await nowhere.hit(TWO, "a") for _ in range(3)] == [True, True, False]
    assert len(log) == 1
    await nowhere.close()


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "MOST_KEYS", 3)
    counted = Counters()
    for number in range(20):
        assert await counted.hit(TWO, str(number))
        assert len(counted._storage.events) <= 4  # pyright: ignore[reportPrivateUsage]
    await counted.close()


async def test_limits_with_the_same_counters_are_kept_apart_by_name() -> None:
    counted = Counters()
    first, second = (RateLimit(1, name=name, counters=counted) for name in ("first", "second"))
    assert await first.hit("192.0.2.1") is None
    assert await second.hit("192.0.2.1") is None
    assert await first.hit("192.0.2.1") is not None
    assert await first.hit("192.0.2.1", "another client") is None
