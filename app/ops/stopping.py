"""Being told that the process was asked to stop, before the server waits for open answers to end."""

import asyncio
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_NOBODY: Final = (None, signal.SIG_DFL, signal.SIG_IGN, signal.default_int_handler)


@contextmanager
def on_stop(tell: Callable[[], None]) -> Generator[None]:
    """Call `tell` on the event loop when the process is asked to stop; the server's own handling goes on.

    A server sends the lifespan's shutdown only after all answers are done, and an answer that follows changes is never
    done by itself. Only signals that the server handles are watched, and only in the main thread, which alone can.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    handled = {each: found for each in STOP_SIGNALS if (found := signal.getsignal(each)) not in _NOBODY}

    def stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(tell)
        handler: Any = handled[signal.Signals(number)]
        handler(number, frame)

    for each in handled:
        signal.signal(each, stop)
    try:
        yield
    finally:
        for each, handler in handled.items():
            signal.signal(each, handler)
