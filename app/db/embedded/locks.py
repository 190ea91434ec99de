"""File locks that the kernel drops when the last process holding them is gone, whatever ended it."""

import os
import sys
from pathlib import Path

if sys.platform != "win32":
    import fcntl


def take_lock(path: Path) -> int | None:
    """Lock the file `path`, making it if need be; None when it is locked already.

    The lock lasts until every copy of the returned file descriptor is closed, those inherited by other processes
    included.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def is_locked(path: Path) -> bool:
    """Whether a process holds the lock on `path`."""
    descriptor = take_lock(path)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False
