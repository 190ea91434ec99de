"""The data directory DATA_DIR/pg: made once, and of the right version."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from app.db.embedded.account import Account
from app.db.embedded.programs import MAJOR_VERSION, run_program
from app.db.embedded.roles import SUPERUSER
from app.errors import StartupError

UNFINISHED: Final = "pg.new-"

# The built-in locale is the same on every system, and so is the order of the indexes.
LOCALE: Final = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


def check_version(pg_dir: Path) -> bool:
    """Whether there is a data directory. Raises `StartupError` when its major version is not ours."""
    version_file = pg_dir / "PG_VERSION"
    if not version_file.exists():
        return False
    version = version_file.read_text().strip()
    if version != str(MAJOR_VERSION):
        raise StartupError(
            f"{pg_dir} holds PostgreSQL {version} data, but this release needs {MAJOR_VERSION}: use the release that "
            "wrote it, or dump the data with that and restore it into an empty DATA_DIR"
        )
    return True


def make_data_directory(data_dir: Path, programs: Path, account: Account, password: str) -> None:
    """Make `data_dir`/pg with the superuser's `password`. Raises `StartupError` when initdb fails.

    It is made elsewhere and moved when complete, so an interrupted start leaves nothing that the next would take
    for a database. The place is new each time: an initdb that outlived its service writes where nobody looks.
    """
    for unfinished in data_dir.glob(f"{UNFINISHED}*"):
        shutil.rmtree(unfinished, ignore_errors=True)
    workshop = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=data_dir))
    try:
        account.own(workshop)
        # initdb takes a password only from a file or a terminal.
        password_file = workshop / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(password)
        account.own(password_file)
        initdb = (programs / "initdb", f"--username={SUPERUSER}", f"--pwfile={password_file}", "--auth=scram-sha-256")
        run_program((*account.prefix, *initdb, *LOCALE, workshop / "pg"), cwd=workshop)
        (workshop / "pg").rename(data_dir / "pg")
        _flush_directory(data_dir)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _flush_directory(path: Path) -> None:
    # Else a power failure could bring back the old place, which the next start clears away.
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
