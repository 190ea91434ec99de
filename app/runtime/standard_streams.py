"""stdin and stdout as the two directions of a protocol, which nothing else may read or write.

Two threads read and write, because a pipe, a file and a terminal have nothing else in common. They are daemons: when
the process is told to stop, it does not wait for a peer that neither sends, nor reads what it is sent.
"""

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import CancelledError
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Final

import anyio
import structlog
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from app.errors import StartupError

_log: Final = structlog.stdlib.get_logger("app.stdio")


@dataclass(frozen=True, slots=True)
class StandardStreams:
    """Private descriptors of what were stdin and stdout."""

    reading: int
    writing: int


def claim_standard_streams() -> StandardStreams:
    """Keep stdin and stdout from the rest of the process, and from what it starts: from now on stdin is empty, and what
    is written to stdout goes to stderr.

    Raises `StartupError` if they are not open.
    """
    try:
        claimed = StandardStreams(os.dup(0), os.dup(1))
    except OSError:
        raise StartupError("stdin and stdout must be open: this command is for programs that start it") from None
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    try:
        os.dup2(2, 1)
    except OSError:
        os.dup2(nothing, 1)
    os.close(nothing)
    return claimed


class LineWriter:
    """Writes texts one after the other; the SDK takes it for a file of anyio."""

    def __init__(self, descriptor: int, broken: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._broken = broken
        self._waiting: SimpleQueue[tuple[bytes, asyncio.Future[bool]] | None] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._work, name="stdout", daemon=True).start()

    async def write(self, text: str) -> None:
        """Write all of `text`. Once nobody reads it, `broken` is called."""
        done: asyncio.Future[bool] = self._loop.create_future()
        self._waiting.put((text.encode(), done))
        if not await done:
            self._broken()

    async def flush(self) -> None:
        """Do nothing: `write` has written."""

    def close(self) -> None:
        """End the thread, once it has nothing to write."""
        self._waiting.put(None)

    def _work(self) -> None:
        while (given := self._waiting.get()) is not None:
            data, done = given
            with suppress(OSError):
                while data:
                    data = data[os.write(self._descriptor, data) :]
            try:
                self._loop.call_soon_threadsafe(_settle, done, not data)
            except RuntimeError:
                return  # the loop is closed


def _settle(done: asyncio.Future[bool], result: bool) -> None:
    if not done.done():
        done.set_result(result)


@asynccontextmanager
async def open_lines(
    streams: StandardStreams, longest: int, broken: Callable[[], None]
) -> AsyncGenerator[tuple[MemoryObjectReceiveStream[str], LineWriter]]:
    """Return the lines that arrive, and a writer; the lines end when stdin does.

    A line of more than `longest` bytes is dropped and logged. `broken` is called when stdout can't be written.
    """
    send, receive = anyio.create_memory_object_stream[str](0)
    writer = LineWriter(streams.writing, broken)
    loop = asyncio.get_running_loop()
    threading.Thread(target=_read, args=(streams.reading, longest, send, loop), name="stdin", daemon=True).start()
    try:
        yield receive, writer
    finally:
        receive.close()
        writer.close()


def _read(descriptor: int, longest: int, send: MemoryObjectSendStream[str], loop: asyncio.AbstractEventLoop) -> None:
    """Send the lines of a file, each when the one before has been taken. The peer decides how fast that is."""
    with open(descriptor, "rb", closefd=False) as file:
        try:
            while line := _next_line(file.readline, longest):
                asyncio.run_coroutine_threadsafe(send.send(line), loop).result()
        except (OSError, RuntimeError, CancelledError, anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass  # nobody takes them now, or there are none
        with suppress(RuntimeError):  # of a loop that is closed
            loop.call_soon_threadsafe(send.close)


def _next_line(readline: Callable[[int], bytes], longest: int) -> str:
    """Return the next line that is not too long; an empty text at the end."""
    while True:
        line = readline(longest + 1)
        if len(line) <= longest:
            return line.decode(errors="replace")
        _log.warning("a message is too long and was dropped", longest=longest)
        while line and not line.endswith(b"\n"):
            line = readline(longest + 1)
