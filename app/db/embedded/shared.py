"""The embedded server for several processes at once: it runs while any of them uses it, and no longer.

Three files in DATA_DIR are locked (flock), so that the system itself notices the end of a process, even by kill -9:

- `lock`: the keeper (keeper.py), a process of its own that has started the server and stops it;
- `in_use`: every process that uses the server, together. The keeper waits until none is left;
- `turn`: one process at a time begins or ends to use it, so that no other decides by what is changing.
"""

import os
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Final

from app.db.embedded import keeper
from app.db.embedded.process import PAUSE_SECONDS, START_SECONDS, is_locked, open_locked, try_lock, wait_for_lock
from app.db.embedded.programs import ENVIRONMENT
from app.db.embedded.roles import DatabaseUrls
from app.db.embedded.server import describe, find_answering, stop_unused
from app.errors import StartupError

KEEPER: Final = Path(keeper.__file__)
NEEDED: Final = ("PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""Of the environment: where Python finds what it loads."""


class SharedPostgres:
    """The server of `data_dir`, started unless it runs already; other processes may use it at the same time.

    The last one that ends stops it and waits until its last process is gone.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = Path(os.path.abspath(data_dir))
        self._in_use: int | None = None

    def __enter__(self) -> DatabaseUrls:
        """Begin to use the server; blocks until it answers.

        Raises `StartupError` with one line when the directory can't be used, or the server does not start.
        """
        if sys.platform == "win32":
            raise StartupError("The embedded PostgreSQL needs Linux or macOS; set DATABASE_URL")
        try:
            self._data_dir.mkdir(parents=True, exist_ok=True)
            with self._turn():
                try:
                    # Waits while the keeper is stopping a server that nobody used.
                    self._in_use = open_locked(self._data_dir / keeper.IN_USE, shared=True)
                    return self._find_or_start()
                except BaseException:
                    self._leave()
                    raise
        except OSError as error:
            raise StartupError(f"DATA_DIR {self._data_dir} can't be used: {describe(error)}") from None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Use it no longer. When nobody else does, it has stopped on return."""
        try:
            with self._turn():
                self._leave()
        finally:
            self._close()

    @contextmanager
    def _turn(self) -> Generator[None]:
        descriptor = open_locked(self._data_dir / keeper.TURN, shared=False)
        try:
            yield
        finally:
            os.close(descriptor)

    def _find_or_start(self) -> DatabaseUrls:
        deadline = time.monotonic() + START_SECONDS
        while True:
            if not is_locked(self._data_dir / keeper.KEEPER_LOCK):
                self._start_keeper()
            found = find_answering(self._data_dir)
            if found is not None:
                return found
            if time.monotonic() > deadline:
                raise StartupError(f"DATA_DIR {self._data_dir} is in use, but its database does not answer")
            time.sleep(PAUSE_SECONDS)

    def _start_keeper(self) -> None:
        command = (sys.executable, "-P", KEEPER, "start", self._data_dir)
        # Its output ends when the server answers, or the keeper itself has ended.
        with subprocess.Popen(
            command,
            # Not that of the host, which the keeper outlives.
            env={**ENVIRONMENT, **{name: os.environ[name] for name in NEEDED if name in os.environ}},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            assert process.stdout is not None  # noqa: S101
            said = process.stdout.read().decode(errors="replace").strip()
        if said != keeper.READY:
            raise StartupError(said or "The embedded PostgreSQL does not start: its keeper was killed")

    def _leave(self) -> None:
        """End the use, in a turn; stop the server if this was the last."""
        if self._in_use is None:
            return
        if try_lock(self._in_use, shared=False):
            # Nobody else uses it, and nobody begins to. The keeper would stop it as well, but has to load for that.
            stop_unused(self._data_dir)
        elif try_lock(self._in_use, shared=True):
            self._close()
            return
        self._close()
        wait_for_lock(self._data_dir / keeper.KEEPER_LOCK)

    def _close(self) -> None:
        if self._in_use is not None:
            with suppress(OSError):
                os.close(self._in_use)
            self._in_use = None
