"""The process: stop it with its parent, react to stop signals, and let it open enough files."""

import asyncio
import ctypes
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any, Final


def exit_with_parent() -> None:
    """Stop this process when its parent ends, even by `kill -9`; otherwise it would keep the port."""
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_watch, args=(parent,), name="end-with-parent", daemon=True).start()


def _watch(parent: BaseProcess) -> None:
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


NEW_OBJECTS_TO_COLLECT: Final = 10_000
"""A call makes a few hundred objects that refer to others, and reference counting frees nearly all of them. Python's
700 would mean to look for cycles at every second call."""


def freeze_gc() -> None:
    """Exclude existing objects from garbage collection: modules, models and schemas live as long as the process.

    Traversing them again and again took a tenth of the CPU of a call. Call this once, when the application is made.
    New objects are looked through more rarely.
    The memory that only its making needed goes back to the system.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS_TO_COLLECT, *gc.get_threshold()[1:])
    # glibc would keep it: 4 MiB of 125. Other C libraries have no such function.
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_DEFAULT_HANDLERS: Final = (None, signal.SIG_DFL, signal.SIG_IGN, signal.default_int_handler)


@contextmanager
def on_stop(callback: Callable[[], None]) -> Generator[None]:
    """Call `callback` on the event loop when a signal asks the process to stop, then let the server handle the signal.

    A server sends the lifespan's shutdown only after all responses have ended, but a response that streams changes
    never ends by itself. Only signals that the server handles are watched, and only in the main thread, because Python
    handles signals nowhere else.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    handled = {each: found for each in STOP_SIGNALS if (found := signal.getsignal(each)) not in _DEFAULT_HANDLERS}

    def stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(callback)
        handler: Any = handled[signal.Signals(number)]
        handler(number, frame)

    for each in handled:
        signal.signal(each, stop)
    try:
        yield
    finally:
        for each, handler in handled.items():
            signal.signal(each, handler)


def raise_descriptor_limit(wanted: int) -> int:
    """Let this process, and those that it starts, open `wanted` descriptors, or as many as the system lets it.

    Returns how many it may open, at most `wanted`. Many systems start programs with 1,024, although they allow more.
    """
    if sys.platform == "win32":
        return wanted
    import resource

    soft, hard = (
        wanted if each == resource.RLIM_INFINITY else each for each in resource.getrlimit(resource.RLIMIT_NOFILE)
    )
    allowed = min(wanted, hard)
    if soft < allowed:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        except (OSError, ValueError):  # macOS refuses what its kernel has not
            return soft
    return allowed
