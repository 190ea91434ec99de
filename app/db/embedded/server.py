"""A PostgreSQL server of our own: one service, one DATA_DIR, one server."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from app.db.embedded.account import Account, choose_account
from app.db.embedded.cluster import check_version, make_data_directory
from app.db.embedded.keeper import KEEPER_LOCK, SERVER_LOCK
from app.db.embedded.process import is_locked, start_server, stop_server, take_lock, wait_until_ready
from app.db.embedded.programs import program_dir
from app.db.embedded.roles import (
    DATABASE,
    Access,
    DatabaseUrls,
    create_database,
    create_roles,
    read_access,
    urls,
    write_access,
)
from app.db.embedded.socket_dir import answers, make_socket_dir, remove_socket_dir
from app.errors import StartupError


class EmbeddedPostgres:
    """A PostgreSQL 18 server of our own in `data_dir`/pg, running while the context is open.

    Everything it needs is in `data_dir`: the data, the passwords (postgres.json), the log. Only the socket is
    elsewhere. `settings` are server settings that go over ours.
    """

    def __init__(self, data_dir: Path, *, settings: Mapping[str, str] | None = None) -> None:
        self._data_dir = Path(os.path.abspath(data_dir))
        self._settings = dict(settings or {})
        self._access = Access()
        self._lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, adopt: bool = False) -> DatabaseUrls:
        """Start the server, making database and roles on the first start; blocks until it answers.

        A server left behind by a service that was killed is stopped first, or taken over (`adopt`) if it answers.
        Raises `StartupError` with one line when the directory is in use, can't be written, is of another version, or
        the server does not start.
        """
        if sys.platform == "win32":
            raise StartupError("The embedded PostgreSQL needs Linux or macOS; set DATABASE_URL")
        try:
            self._lock_data_dir()
            if not (adopt and self._finds_running()):
                self._run()
        except OSError as error:
            self.stop()
            raise StartupError(f"DATA_DIR {self._data_dir} can't be used: {describe(error)}") from None
        except BaseException:
            self.stop()
            raise
        return urls(self._access)

    def stop(self) -> None:
        """Stop the server and wait until its last process is gone; does nothing when it is not running."""
        if self._lock is None:
            return
        if self._process is not None:
            stop_server(self._data_dir)
            self._process.wait()
            self._process = None
        if self._access.socket_dir is not None:
            remove_socket_dir(self._access.socket_dir, self._data_dir)
        os.close(self._lock)
        self._lock = None

    def detach(self) -> int:
        """Leave the server running, and return the descriptor that holds the lock on DATA_DIR."""
        lock = self._lock
        if lock is None:
            raise ValueError("the server is not running")
        self._lock = self._process = None
        return lock

    def create_database(self, name: str) -> DatabaseUrls:
        """Make another database for the same roles, or bring it into their hands if it exists."""
        create_database(program_dir(), self._access, name)
        return urls(self._access, name)

    def __enter__(self) -> DatabaseUrls:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _lock_data_dir(self) -> None:
        self._data_dir.mkdir(parents=True, exist_ok=True)
        lock = take_lock(self._data_dir / KEEPER_LOCK)
        if lock is None:
            raise StartupError(f"DATA_DIR {self._data_dir} is in use by another service; stop it, or set DATA_DIR")
        self._lock = lock

    def _finds_running(self) -> bool:
        known = read_access(self._data_dir / "postgres.json")
        if known is None or not is_locked(self._data_dir / SERVER_LOCK) or not answers(known, self._data_dir):
            return False
        self._access = known
        return True

    def _run(self) -> None:
        programs = program_dir()
        stop_server(self._data_dir)
        has_data = check_version(self._data_dir / "pg")
        account = choose_account(self._data_dir, programs)
        socket_dir = self._prepare_access(has_data, programs, account)
        if not has_data:
            make_data_directory(self._data_dir, programs, account, self._access.superuser)
        self._process = start_server(self._data_dir, programs, account, socket_dir, self._settings)
        wait_until_ready(self._process, self._data_dir, programs, socket_dir)
        create_roles(programs, self._access)
        create_database(programs, self._access, DATABASE)

    def _prepare_access(self, has_data: bool, programs: Path, account: Account) -> Path:
        """Read or make the passwords, and make a fresh directory for the socket."""
        path = self._data_dir / "postgres.json"
        known = read_access(path)
        if known is None and has_data:
            raise StartupError(f"{path} is missing, and with it the passwords; put it back from a backup")
        # In a copy of a DATA_DIR it names the directory of the original.
        if known is not None and known.socket_dir is not None and not answers(known, self._data_dir):
            remove_socket_dir(known.socket_dir, self._data_dir)
        socket_dir = make_socket_dir(account)
        self._access = (known or Access()).model_copy(update={"socket_dir": socket_dir})
        write_access(path, self._access)
        return socket_dir


def describe(error: OSError) -> str:
    """Say what the system says of a file."""
    return f"{error.strerror} ({error.filename})" if error.filename else f"{error.strerror}"


def find_running(data_dir: Path) -> DatabaseUrls | None:
    """The addresses of the server that is running for a service in `data_dir`; None when no service is.

    Raises `StartupError` when a service is there whose server does not answer (yet, or no longer), and when the
    directory belongs to somebody else.
    """
    lock = data_dir / KEEPER_LOCK
    try:
        if not lock.exists() or not is_locked(lock):
            return None
    except OSError as error:
        raise StartupError(f"DATA_DIR {data_dir} can't be used: {error.strerror} ({lock})") from None
    found = find_answering(data_dir)
    if found is None:
        raise StartupError(f"DATA_DIR {data_dir}: its service is just starting or stopping; try again in a moment")
    return found


def find_answering(data_dir: Path) -> DatabaseUrls | None:
    """The addresses of the server in `data_dir` that accepts connections; None when there is none.

    The caller knows that DATA_DIR/lock is held: in a copy of a DATA_DIR the addresses are those of the original.
    """
    access = read_access(data_dir / "postgres.json")
    return None if access is None or not answers(access, data_dir) else urls(access)


def stop_unused(data_dir: Path) -> None:
    """Stop a server that another process has started, and wait until its last process is gone.

    Raises `StartupError` when it can't be stopped.
    """
    ran = is_locked(data_dir / SERVER_LOCK)
    stop_server(data_dir)
    access = read_access(data_dir / "postgres.json") if ran else None
    if access is not None and access.socket_dir is not None:
        remove_socket_dir(access.socket_dir, data_dir)


def has_database(data_dir: Path) -> bool:
    """Whether a service has made its database in `data_dir`."""
    return (data_dir / "pg" / "PG_VERSION").exists()
