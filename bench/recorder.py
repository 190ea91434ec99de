"""Record what the code below one directory does for a request: the functions it calls and the SQL it sends.

The counting rules:

- Only the recorded block counts, with the tasks, threads and greenlets started in it. What else runs in the process
  (the audit writer, the listener for notifications, the jobs) does not.
- A call is the start of a function, method or lambda whose code is in a .py file below the directory. A coroutine or a
  generator counts once, when it starts to run, and not when it is resumed. Comprehensions and generator expressions
  are not calls. Code from elsewhere is not counted: libraries, templates, the `__init__` that `dataclass` generates.
- A message is one round trip to PostgreSQL in which SQL is executed, by whichever method of asyncpg; `executemany` is
  one. The message that opens a transaction holds several statements. BEGIN, COMMIT and ROLLBACK are counted apart from
  the other statements. Preparing a statement is neither: it happens once per connection.
"""

import dis
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Final

from asyncpg.protocol import Protocol

EXECUTING: Final = ("query", "bind_execute", "bind_execute_many", "bind", "copy_in", "copy_out")
"""The methods of asyncpg's protocol that execute SQL; everything a connection offers ends in one of them."""

BOUNDARIES: Final = ("BEGIN", "COMMIT", "ROLLBACK")
IMPLICIT: Final = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
"""Frames that no one calls by name; from Python 3.12 on only the last of them has a frame at all."""

RESUME: Final = dis.opmap["RESUME"]


@dataclass(frozen=True, slots=True)
class Call:
    """A called function: its file, as seen from beside the recorded directory, and its qualified name."""

    file: str
    function: str


@dataclass
class Trip:
    """What was recorded, in order."""

    calls: list[Call] = field(default_factory=list[Call])
    messages: list[str] = field(default_factory=list[str])

    @property
    def files(self) -> list[str]:
        """The distinct files of the calls, in order of first entry."""
        return list(dict.fromkeys(call.file for call in self.calls))

    @property
    def statements(self) -> list[str]:
        """The executed statements except BEGIN, COMMIT and ROLLBACK."""
        return [each for each in self._all_statements() if each not in BOUNDARIES]

    @property
    def boundaries(self) -> list[str]:
        """Each BEGIN, COMMIT and ROLLBACK."""
        return [each for each in self._all_statements() if each in BOUNDARIES]

    def _all_statements(self) -> list[str]:
        split = (each.split("; ") if each.startswith("BEGIN; ") else [each] for each in self.messages)
        return [statement for message in split for statement in message]


_trip: Final = ContextVar[Trip | None]("trip", default=None)
"""Tasks and worker threads inherit it from the block that started them, which is how their work is attributed."""


@contextmanager
def recording() -> Generator[Trip]:
    """Record what is done in the block; only inside `watching`."""
    trip = Trip()
    token = _trip.set(trip)
    try:
        yield trip
    finally:
        _trip.reset(token)


@contextmanager
def watching(directory: Path) -> Generator[None]:
    """Watch all SQL and the calls below `directory`, in this thread and in those that start inside the block."""
    on_event = _profiler(directory)
    outer = sys.getprofile(), threading.getprofile()
    for name in EXECUTING:
        setattr(Protocol, name, _noting(getattr(Protocol, name)))
    threading.setprofile(on_event)
    sys.setprofile(on_event)
    try:
        yield
    finally:
        sys.setprofile(outer[0])
        threading.setprofile(outer[1])
        for name in EXECUTING:
            delattr(Protocol, name)  # uncovers the method of its base class


def _profiler(directory: Path) -> Callable[[FrameType, str, object], None]:
    beside, below = f"{directory.parent}/", f"{directory}/"

    def on_event(frame: FrameType, event: str, _argument: object) -> None:
        if event != "call" or (trip := _trip.get()) is None:
            return
        code = frame.f_code
        file = code.co_filename
        is_inside = file.startswith(below) and file.endswith(".py")
        if is_inside and code.co_name not in IMPLICIT and _is_start(frame):
            trip.calls.append(Call(file.removeprefix(beside), code.co_qualname))

    return on_event


def _is_start(frame: FrameType) -> bool:
    """Return whether a frame starts; resuming it after a `yield` or an `await` is an event "call" as well.

    Both happen at a RESUME instruction, whose argument is 0 at the start of a function. A frame that an exception is
    thrown into is at another instruction.
    """
    opcode, argument = frame.f_code.co_code[frame.f_lasti : frame.f_lasti + 2]
    return opcode == RESUME and argument & 3 == 0


def _noting(execute: Callable[..., Any]) -> Callable[..., Any]:
    def noting(protocol: object, *arguments: Any, **named: Any) -> Any:
        if (trip := _trip.get()) is not None:
            # The first one is the SQL, or a prepared statement.
            first = next(iter((*arguments, *named.values())))
            trip.messages.append(first if isinstance(first, str) else first.query)
        return execute(protocol, *arguments, **named)

    return noting
