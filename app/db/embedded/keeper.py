"""The keeper: a small process that stops the server once nobody uses it, however its users ended.

It is run as a script, in three phases that replace each other (exec): `start` starts the server, `wait` waits for the
lock that every user shares (see shared.py), and `stop` stops the server. While it waits, which is nearly always, it has
loaded nothing but this file and takes a few megabytes. It is a daemon, so that programs which end a host together
with all that the host has started leave it and the server alone.
"""

import os
import signal
import sys
from contextlib import suppress

if sys.platform != "win32":
    import fcntl

READY = "ready"

# The files in DATA_DIR that are locked. They are named here, because this file is all that a waiting keeper loads.
IN_USE = "in_use"
"""Each user has it locked, together with the others."""
TURN = "turn"
"""A user has it locked for itself while it begins or ends."""
KEEPER_LOCK = "lock"
SERVER_LOCK = "postgres.lock"
"""The server itself has it locked."""

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 3))


def start(data_dir: str) -> None:
    """Start the server, say so on stdout, and go on as the one that waits; or say there why it does not start."""
    if os.fork() != 0:
        os._exit(0)
    os.chdir("/")
    # The users decide: a service manager that ends everything at once ends them too.
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    # Imported here, because the phase that waits needs none of it.
    import traceback
    from pathlib import Path

    sys.path.insert(0, ROOT)
    from app.db.embedded.server import EmbeddedPostgres
    from app.errors import StartupError

    server = EmbeddedPostgres(Path(data_dir))
    try:
        server.start(adopt=True)
    except StartupError as error:
        _say(str(error))
        sys.exit(2)
    except Exception:
        _say(traceback.format_exc())
        sys.exit(2)
    log = os.open(os.path.join(data_dir, "postgres.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 2)
    _say(READY)
    _become("wait", data_dir, server.detach())


def wait(data_dir: str, lock: int) -> None:
    """Wait until nobody uses the server, and go on as the one that stops it if it still runs."""
    in_use = os.open(os.path.join(data_dir, IN_USE), os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(in_use, fcntl.LOCK_EX)
    server_lock = os.open(os.path.join(data_dir, SERVER_LOCK), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(server_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _become("stop", data_dir, lock, in_use)
    os.close(server_lock)  # first: who finds the others free may start a server at once
    os.close(lock)  # before `in_use`, which new users wait for


def stop(data_dir: str, lock: int) -> None:
    """Stop the server that nobody uses."""
    from pathlib import Path

    sys.path.insert(0, ROOT)
    from app.db.embedded.server import stop_unused

    stop_unused(Path(data_dir))
    os.close(lock)


def _say(text: str) -> None:
    """Tell the user that started this process, which may be gone; then let go of its pipe."""
    with suppress(OSError):
        os.write(1, text.encode())
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _become(phase: str, data_dir: str, *descriptors: int) -> None:
    """Replace the program by one of another phase, which inherits these descriptors and the locks on them."""
    for each in descriptors:
        os.set_inheritable(each, True)
    alone = ("-I", "-S") if phase == "wait" else ("-P",)
    command = (sys.executable, *alone, os.path.abspath(__file__), phase, data_dir, *map(str, descriptors))
    os.execv(sys.executable, command)  # noqa: S606


def main() -> None:
    """Run the phase that the arguments name."""
    phase, data_dir, *descriptors = sys.argv[1:]
    match phase:
        case "start":
            start(data_dir)
        case "wait":
            wait(data_dir, int(descriptors[0]))
        case _:
            stop(data_dir, int(descriptors[0]))


if __name__ == "__main__":
    main()
