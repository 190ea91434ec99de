"""What time it is: a parameter, so that tests move time instead of waiting for it."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The current moment, in UTC."""
    return datetime.now(UTC)
