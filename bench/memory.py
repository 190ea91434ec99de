"""The memory of the service under load."""

from collections.abc import Callable, Iterator
from typing import Final

import psutil

from bench.figures import Resident
from bench.plan import HOUSEHOLDS, Call, Operation

MEMORY: Final = "memory"
BLOCKS: Final = 10
DEVELOPMENT_ONLY: Final = ("rich", "watchfiles")
"""What structlog and uvicorn import if it is there, as it is in a development environment and not in production."""

MEBIBYTE: Final = 1024 * 1024


def resident_while(pid: int, requests: int, call_all: Callable[[Call, int], int]) -> Iterator[Resident]:
    """Yield the memory after each tenth of the requests, which alternate between adding and reading.

    `call_all` makes a call that many times over each of 16 connections, and returns how many calls it made in total.
    """
    each = requests // BLOCKS // HOUSEHOLDS
    done = 0
    for number in range(BLOCKS):
        operation: Operation = "list_items" if number % 2 else "add_items"
        done += call_all(Call(operation=operation, dialect="2026-07-28"), each)
        yield Resident(requests=done, mebibytes=_largest(pid) / MEBIBYTE)


def _largest(pid: int) -> int:
    root = psutil.Process(pid)
    return max(process.memory_info().rss for process in (root, *root.children(recursive=True)))
