"""Limits: by network address, and of what this process counts by itself."""

import pytest

from app.errors import LimitReached
from app.limits import windows
from app.limits.rate_limit import LocalLimit, RateLimit, wait_in_words
from app.limits.windows import FixedWindow
from app.runtime.addresses import SITE_SHARE

pytestmark = pytest.mark.anyio


async def test_above_the_limit_the_answer_is_how_long_to_wait() -> None:
    limit = RateLimit(2)
    assert await limit.hit("192.0.2.1") is None
    assert await limit.wait("192.0.2.1") is None
    assert await limit.hit("192.0.2.1") is None
    for wait in (await limit.hit("192.0.2.1"), await limit.wait("192.0.2.1")):
        assert wait is not None
        assert 1 <= wait <= 60
    assert await limit.hit("192.0.2.2") is None
    with pytest.raises(LimitReached, match=r"^Come again in a (minute|few seconds)\.$") as refusal:
        await limit.require("192.0.2.1", "Come again {wait}.")
    assert 1 <= (refusal.value.retry_after or 0) <= 60
    await limit.require("192.0.2.1", "", about="something else")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "in a few seconds"),
        (60, "in a minute"),
        (61, "in 2 minutes"),
        (900, "in 15 minutes"),
        (3600, "in an hour"),
    ],
)
def test_waits_are_told_as_people_say_them(seconds: int, words: str) -> None:
    assert wait_in_words(seconds) == words


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("unknown", "unknown", True),
    ],
)
async def test_one_subscriber_counts_once(first: str, second: str, same: bool) -> None:
    limit = RateLimit(1)
    await limit.hit(first)
    assert (await limit.hit(second) is not None) is same


@pytest.mark.proves("""li-networks SHOULD own rule
    Whoever has many IPv6 networks does not have as many limits.
    Here: In each limit by address, and where guessing is slowed down, the /64 counts, and the /48 around it with four
    times the budget.""")
async def test_a_site_has_a_few_times_what_a_subscriber_has() -> None:
    limit = RateLimit(2)
    found = [await limit.hit(f"2001:db8:1:{number % 9}::1") for number in range(18)]
    assert found.count(None) == 2 * SITE_SHARE
    assert await limit.wait("2001:db8:1:9::1")
    assert await limit.hit("2001:db8:2::1") is None


@pytest.mark.proves("li-networks")
async def test_who_is_refused_uses_up_nothing_of_their_site() -> None:
    limit = RateLimit(1)
    for _ in range(9):
        await limit.hit("2001:db8:1:1::1")
    assert [await limit.hit(f"2001:db8:1:{number}::1") for number in (2, 3, 4)] == [None] * 3


async def test_switched_off_it_never_refuses() -> None:
    limit = RateLimit(1, enabled=False)
    assert [await limit.hit("192.0.2.1") for _ in range(5)] == [None] * 5


def test_a_local_limit_counts_from_the_first_event_for_a_minute() -> None:
    now = 1_000.0
    limit = LocalLimit(3, clock=lambda: now)
    limit.require("a", "Wait.", times=2)
    now += 59
    limit.require("a", "Wait.")
    for _ in range(2):
        with pytest.raises(LimitReached) as refused:
            limit.require("a", "Wait.")
        assert (refused.value.message, refused.value.retry_after) == ("Wait.", 1)
    limit.require("b", "Wait.")
    now += 1
    limit.require("a", "Wait.", times=3)


def test_a_local_limit_switched_off_never_refuses() -> None:
    limit = LocalLimit(1, enabled=False)
    for _ in range(3):
        limit.require("a", "Wait.")


def test_what_is_counted_here_is_bounded_and_the_oldest_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "MOST_KEYS", 3)
    counted = FixedWindow()
    for number in range(20):
        counted.incr(str(number), 60)
        assert len(counted) <= 3
    assert [counted.get(str(number)) for number in (16, 17, 18, 19)] == [0, 1, 1, 1]
