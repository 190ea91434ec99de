"""Measure how long `make run` takes until the service answers."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.servers import ROOT, free_port, running

START: Final = "start"
SYNCED: Final = ".venv/.synced"


def start_seconds(directory: Path) -> float:
    """Start the service with the embedded database in `directory`, return the seconds to the first 200, and stop it.

    Raises `StartFailed`.
    """
    port = free_port()
    environment = {
        **dict.fromkeys(("PUBLIC_URL", "DATABASE_URL", "MIGRATION_DATABASE_URL", "SECRET_KEY"), ""),  # not set
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "WORKERS": "1",
        "DATA_DIR": str(directory / "data"),
    }
    began = time.perf_counter()
    with running(_command(), environment, port, directory / "start.log"):
        return time.perf_counter() - began


def _command() -> Sequence[str]:
    if not (ROOT / SYNCED).exists():  # this environment was set up in another way
        return [sys.executable, "-m", "app", "serve"]
    # Without syncing the environment, and without the ARGS of the `make bench` that may be running this.
    return ["make", f"--old-file={SYNCED}", "run", "ARGS="]
