"""Finding the database of a DATA_DIR, and the server that a running service has started, for commands beside it."""

from pathlib import Path

from app.db.embedded.locks import is_locked
from app.db.embedded.process import is_answering
from app.db.embedded.programs import program_dir
from app.db.embedded.roles import DatabaseUrls, read_access, urls
from app.errors import StartupError


def find_running(data_dir: Path) -> DatabaseUrls | None:
    """The addresses of the server that is running for a service in `data_dir`; None when no service is.

    Raises `StartupError` when a service is there whose server does not answer (yet, or any more), and when the
    directory belongs to somebody else.
    """
    lock = data_dir / "lock"
    try:
        if not lock.exists() or not is_locked(lock):
            return None
    except OSError as error:
        raise StartupError(f"DATA_DIR {data_dir} can't be used: {error.strerror} ({lock})") from None
    access = read_access(data_dir / "postgres.json")
    if access is None or access.socket_dir is None or not is_answering(program_dir(), access.socket_dir):
        raise StartupError(f"DATA_DIR {data_dir}: its service is just starting or stopping; try again in a moment")
    return urls(access)


def has_database(data_dir: Path) -> bool:
    """Whether a service has made its database in `data_dir`."""
    return (data_dir / "pg" / "PG_VERSION").exists()
