"""How waits grow and failures are forgiven."""

from datetime import UTC, datetime, timedelta

from app.limits.backoff import Backoff

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BACKOFF = Backoff(free=2, first=timedelta(seconds=1), longest=timedelta(seconds=10), forgiven=timedelta(minutes=1))


def test_waits_double_up_to_the_longest_and_no_further() -> None:
    seconds = [BACKOFF.wait(failures).total_seconds() for failures in range(9)]
    assert seconds == [0, 0, 0, 1, 2, 4, 8, 10, 10]
    assert BACKOFF.wait(10**9) == BACKOFF.longest
    assert BACKOFF.most == 7


def test_one_failure_is_forgiven_each_minute() -> None:
    left = [BACKOFF.left(5, NOW, NOW + timedelta(seconds=seconds)) for seconds in (0, 59, 60, 299, 300, 10**6)]
    assert left == [5, 5, 4, 1, 0, 0]


def test_a_clock_that_goes_back_forgives_nothing() -> None:
    assert BACKOFF.left(5, NOW, NOW - timedelta(hours=1)) == 5
