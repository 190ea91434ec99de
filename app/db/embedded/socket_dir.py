"""The directory for the server's socket: created anew for each run, and trusted only if nobody else could have created
it.

It is in /tmp, where anyone can write, and DATA_DIR/postgres.json records its name. When the machine restarts, that name
becomes free: another user could take it, and wait for the service with a server of their own.
"""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from app.db.embedded.account import Account
from app.db.embedded.process import is_answering
from app.db.embedded.programs import program_dir
from app.db.embedded.roles import PORT, Access

# Not the environment's temporary directory, which may be long: a socket's path has at most 103 characters.
SOCKETS_BELOW: Final = "/tmp"  # noqa: S108
SOCKET_PREFIX: Final = "shopping-"
SOCKET_FILES: Final = (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock")


def make_socket_dir(account: Account) -> Path:
    """Create the directory for a server that runs as `account`; nobody else has access to it."""
    made = Path(tempfile.mkdtemp(prefix=SOCKET_PREFIX, dir=SOCKETS_BELOW))
    account.own(made)
    return made


def remove_socket_dir(socket_dir: Path, data_dir: Path) -> None:
    """Remove the directory and the files that a server leaves in it. Nothing else is deleted, wherever it is."""
    if not is_ours(socket_dir, data_dir):
        return
    with suppress(OSError):
        for name in SOCKET_FILES:
            (socket_dir / name).unlink(missing_ok=True)
        socket_dir.rmdir()


def is_ours(socket_dir: Path, data_dir: Path) -> bool:
    """Whether a directory is owned by us, or by the account that runs the server of `data_dir`, and nobody else has
    access to it."""
    try:
        found = socket_dir.lstat()
        owners = {os.geteuid(), (data_dir / "pg").stat().st_uid if (data_dir / "pg").exists() else os.geteuid()}
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid in owners and not found.st_mode & 0o077


def answers(access: Access, data_dir: Path) -> bool:
    """Whether our own server accepts connections in the directory that `access` names."""
    socket_dir = access.socket_dir
    return socket_dir is not None and is_ours(socket_dir, data_dir) and is_answering(program_dir(), socket_dir)
