"""Limits per network address."""

import pytest

from app.errors import LimitReached
from app.ops.rate_limit import RateLimit

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
    with pytest.raises(LimitReached, match=r"^Wait for \d+ s\.$") as refusal:
        await limit.require("192.0.2.1", "Wait for {seconds} s.")
    assert str(refusal.value.retry_after) in refusal.value.message
    await limit.require("192.0.2.1", "", about="something else")


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


async def test_switched_off_it_never_refuses() -> None:
    limit = RateLimit(1, enabled=False)
    assert [await limit.hit("192.0.2.1") for _ in range(5)] == [None] * 5
