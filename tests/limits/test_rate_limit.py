"""Rate limits: by network, and of what each process counts by itself."""

from uuid import UUID, uuid4

import pytest
from limits import RateLimitItemPerHour, RateLimitItemPerMinute

from app.errors import LimitReached
from app.limits import memory
from app.limits.defaults import RATE_LIMITS
from app.limits.rate_limit import Key, RateLimit, RateLimited, RateLimiter, limited_subject, wait_in_words
from app.runtime.addresses import SITE_SHARE

pytestmark = pytest.mark.anyio


def limit_of(amount: int, *key: Key, shared: bool = True) -> RateLimit:
    """A limit of so many events a minute, by network if nothing else is said."""
    return RateLimit("test", RateLimitItemPerMinute(amount), key or (Key.NETWORK,), "", "Wait {wait}.", shared=shared)


async def passes(limiter: RateLimiter, limit: RateLimit, *subject: str | UUID) -> bool:
    """Whether an event is counted."""
    try:
        await limiter.check(limit, *subject)
    except RateLimited:
        return False
    return True


async def test_above_the_limit_the_error_says_how_long_to_wait() -> None:
    limiter, limit = RateLimiter(), limit_of(2)
    await limiter.check(limit, "192.0.2.1")
    await limiter.peek(limit, "192.0.2.1")
    await limiter.check(limit, "192.0.2.1")
    for ask in (limiter.check, limiter.peek):
        with pytest.raises(RateLimited, match=r"^Wait in a (minute|few seconds)\.$") as refused:
            await ask(limit, "192.0.2.1")
        assert 1 <= (refused.value.retry_after or 0) <= 60
        assert limited_subject(refused.value) == {}, "networks are recorded in another way"
    await limiter.count(limit, "192.0.2.1")
    await limiter.check(limit, "192.0.2.2")


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
    limiter, limit = RateLimiter(), limit_of(1)
    await limiter.check(limit, first)
    assert await passes(limiter, limit, second) is not same


@pytest.mark.proves("""li-networks SHOULD own rule
    A subscriber with many IPv6 networks does not get as many limits.
    Here: In each limit by address, and where guessing is slowed down, the /64 counts, and the /48 around it with four
    times the budget.""")
async def test_a_site_has_a_few_times_what_a_subscriber_has() -> None:
    limiter, limit = RateLimiter(), limit_of(2)
    found = [await passes(limiter, limit, f"2001:db8:1:{number % 9}::1") for number in range(18)]
    assert found.count(True) == 2 * SITE_SHARE
    with pytest.raises(RateLimited):
        await limiter.peek(limit, "2001:db8:1:9::1")
    await limiter.check(limit, "2001:db8:2::1")


@pytest.mark.proves("li-networks")
async def test_who_is_refused_uses_up_nothing_of_their_site() -> None:
    limiter, limit = RateLimiter(), limit_of(1)
    for _ in range(9):
        await passes(limiter, limit, "2001:db8:1:1::1")
    assert [await passes(limiter, limit, f"2001:db8:1:{number}::1") for number in (2, 3, 4)] == [True] * 3


@pytest.mark.proves("li-networks")
async def test_the_networks_of_a_site_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST_KEYS", 20)
    limiter, limit = RateLimiter(), limit_of(1)
    assert await passes(limiter, limit, "192.0.2.1")
    found = [await passes(limiter, limit, f"2001:db8:1:{number:x}::1") for number in range(100)]
    assert found.count(True) == SITE_SHARE
    assert not await passes(limiter, limit, "192.0.2.1")


async def test_switched_off_it_never_refuses() -> None:
    limiter = RateLimiter(enabled=False)
    for limit in (limit_of(1), limit_of(1, Key.GRANT, shared=False)):
        for _ in range(5):
            await limiter.check(limit, "192.0.2.1")
            await limiter.peek(limit, "192.0.2.1")


async def test_what_a_process_counts_by_itself_counts_for_a_minute_from_the_first_event() -> None:
    now, grant_id = 1_000.0, uuid4()
    limiter, limit = RateLimiter(clock=lambda: now), limit_of(3, Key.GRANT, shared=False)
    await limiter.check(limit, grant_id, times=2)
    now += 59
    await limiter.check(limit, grant_id)
    for _ in range(2):
        with pytest.raises(RateLimited) as refused:
            await limiter.check(limit, grant_id)
        assert (refused.value.message, refused.value.retry_after) == ("Wait in a few seconds.", 1)
        assert limited_subject(refused.value) == {"grant_id": grant_id}
    await limiter.check(limit, uuid4())
    now += 1
    await limiter.check(limit, grant_id, times=3)


async def test_a_group_that_is_refused_uses_up_nothing() -> None:
    limiter, limit = RateLimiter(), limit_of(3, Key.GRANT, shared=False)
    with pytest.raises(RateLimited):
        await limiter.check(limit, "a", times=4)
    await limiter.check(limit, "a", times=3)
    with pytest.raises(RateLimited):
        await limiter.check(limit, "a")


async def test_a_check_in_this_process_does_not_suspend_its_caller() -> None:
    with pytest.raises(StopIteration):
        RateLimiter().check(limit_of(1, Key.GRANT, shared=False), "a").send(None)


async def test_limits_are_kept_apart_by_name_and_by_all_of_their_key() -> None:
    limiter = RateLimiter()
    first = RateLimit("first", RateLimitItemPerMinute(1), (Key.NETWORK, Key.CLIENT), "")
    second = RateLimit("second", RateLimitItemPerHour(1), (Key.NETWORK, Key.CLIENT), "")
    for limit in (first, second):
        assert await passes(limiter, limit, "192.0.2.1", "a")
        assert not await passes(limiter, limit, "192.0.2.1", "a")
        assert await passes(limiter, limit, "192.0.2.1", "b")


async def test_rates_replace_the_defaults_of_one_limiter() -> None:
    limit = limit_of(1)
    limiter = RateLimiter(rates={limit: 3})
    assert [await passes(limiter, limit, "192.0.2.1") for _ in range(4)] == [True, True, True, False]
    assert limit.per.amount == 1


def test_a_limit_of_something_else_names_nobody() -> None:
    assert limited_subject(LimitReached("Too much.")) == {}


def test_no_two_limits_share_a_name() -> None:
    names = [each.name for each in RATE_LIMITS]
    assert len(set(names)) == len(names)
