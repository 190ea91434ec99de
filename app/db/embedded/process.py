"""The server process: start it, wait until it answers, stop it, and find one that outlived its service.

DATA_DIR/postgres.lock is locked by the server itself: it inherits the descriptor, and so do its children. So the
lock tells whether any of them lives, where a process id can't: ids are used again, and `postmaster.pid` stays
behind when a machine loses power. The id in that file is believed only while the lock is held.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from io import BufferedWriter
from pathlib import Path
from typing import Final

import psutil

from app.db.embedded.account import Account
from app.db.embedded.keeper import SERVER_LOCK
from app.db.embedded.programs import ENVIRONMENT, last_line
from app.db.embedded.roles import PORT
from app.errors import StartupError

SETTINGS: Final[Mapping[str, str]] = {
    "listen_addresses": "",
    "port": str(PORT),
    "timezone": "UTC",
    # Sized for a family's laptop; a larger service has its own server.
    "max_connections": "100",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    # Parallel queries need more /dev/shm than a container has, and our statements are short.
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    # Item text must not reach the log. Errors of statements quote values, and so do their details and those of a
    # crash; "log" leaves them out and keeps what the server says of itself.
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
    "log_checkpoints": "off",
    "log_timezone": "UTC",
}

START_SECONDS: Final = 120
PAUSE_SECONDS: Final = 0.05

# A fast shutdown; then an immediate one, after which the next start replays the log; then the last resort,
# which is as safe as a power failure.
STOPS: Final = ((signal.SIGINT, 120), (signal.SIGQUIT, 10), (signal.SIGKILL, 10))


def start_server(
    data_dir: Path, programs: Path, account: Account, socket_dir: Path, settings: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    """Start the server; `wait_until_ready` tells when it answers. `settings` go over ours.

    The caller holds DATA_DIR/lock and has stopped whatever ran before.
    """
    pg_dir = data_dir / "pg"
    lock = take_lock(data_dir / SERVER_LOCK)
    if lock is None:
        raise StartupError(f"{pg_dir} is in use by another PostgreSQL server")
    (pg_dir / "postmaster.pid").unlink(missing_ok=True)  # stale: nobody held the lock
    everything = {**SETTINGS, "unix_socket_directories": str(socket_dir), **settings}
    options = [f"--{name}={value}" for name, value in everything.items()]
    try:
        with _new_log(data_dir) as output:
            # Not by pg_ctl: it hands the path to a shell, and in a container without an init process it waits
            # for a server that has ended but has no parent to say so to. A session of its own keeps the
            # terminal's Ctrl-C away: the service stops first.
            return subprocess.Popen(
                (*account.prefix, programs / "postgres", "-D", pg_dir, *options),
                cwd=pg_dir,
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=(lock,),
                start_new_session=True,
            )
    finally:
        os.close(lock)


def wait_until_ready(process: "subprocess.Popen[bytes]", data_dir: Path, programs: Path, socket_dir: Path) -> None:
    """Return when the server accepts connections.

    Raises `StartupError` with the last line of its log when it ends instead, or does not answer in time.
    """
    log = data_dir / "postgres.log"
    deadline = time.monotonic() + START_SECONDS
    while not is_answering(programs, socket_dir):
        if process.poll() is not None:
            reason = last_line(log.read_text(encoding="utf-8", errors="replace"))
            raise StartupError(f"The embedded PostgreSQL does not start: {reason}")
        if time.monotonic() > deadline:
            raise StartupError(f"The embedded PostgreSQL did not answer within {START_SECONDS} seconds; see {log}")
        time.sleep(PAUSE_SECONDS)


def is_answering(programs: Path, socket_dir: Path) -> bool:
    """Whether a server accepts connections in `socket_dir`."""
    ask = (programs / "pg_isready", "--quiet", f"--host={socket_dir}", f"--port={PORT}")
    return subprocess.run(ask, env=ENVIRONMENT, check=False).returncode == 0


def stop_server(data_dir: Path) -> None:
    """Stop the server of `data_dir`, even one left behind by another process, and wait until it has ended.

    Raises `StartupError` when it can't be stopped.
    """
    for how, seconds in STOPS:
        deadline = time.monotonic() + seconds
        signalled = False
        while is_locked(data_dir / SERVER_LOCK):
            if time.monotonic() > deadline:
                break
            signalled = signalled or _signal_postmaster(data_dir / "pg", how)
            time.sleep(PAUSE_SECONDS)
        else:
            return
    raise StartupError(f"{data_dir / 'pg'} is in use by a PostgreSQL server that can't be stopped from here")


def _signal_postmaster(pg_dir: Path, how: signal.Signals) -> bool:
    try:
        postmaster = psutil.Process(int((pg_dir / "postmaster.pid").read_text().split(maxsplit=1)[0]))
        # The lock may be held in another container, where the id means another process.
        if postmaster.name() == "postgres":
            postmaster.send_signal(how)
            return True
    except (FileNotFoundError, IndexError, ValueError, psutil.Error):
        pass  # it is just starting or just ending: look again
    return False


def _new_log(data_dir: Path) -> BufferedWriter:
    # One log for each run, and the one before it, so that it does not grow for ever.
    path = data_dir / "postgres.log"
    if path.exists():
        path.replace(path.with_suffix(".log.1"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb")


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


def open_locked(path: Path, *, shared: bool) -> int:
    """Wait until the file `path`, made if need be, can be locked: alone, or together with others (`shared`).

    Return its descriptor; the lock lasts until that is closed.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def try_lock(descriptor: int, *, shared: bool) -> bool:
    """Lock an open file, in place of a lock that it may have now. Returns False, and then it has none, if others have
    it locked."""
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_for_lock(path: Path) -> None:
    """Return when nobody holds the lock on `path`."""
    os.close(open_locked(path, shared=False))
