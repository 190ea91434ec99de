"""Telling a client how far a call is."""

from collections.abc import Callable, Coroutine
from typing import Any

Report = Callable[[float, float | None, str | None], Coroutine[Any, Any, None]]
"""Tells the client how far a call is: a number that grows, the total, and a message; nothing if it did not ask."""


async def report_nothing(progress: float, total: float | None, message: str | None) -> None:
    """Stand in for a report where there is no stream to send it on."""
