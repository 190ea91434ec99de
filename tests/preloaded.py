"""`python -m app` as a process of its own that spares itself the second that its imports take.

A server process imports the program once. Each command runs in a copy of it, which has done nothing yet: with the
directory, the variables and the files for its output that it is given. Tests of the start itself use an interpreter.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, TextIO

_context: Final = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["app.cli", "app.serve", "tests.preloaded"])


class Preloaded:
    """A command that runs; like a `subprocess.Popen` as far as tests need one."""

    def __init__(
        self, arguments: Sequence[str], cwd: Path, environment: Mapping[str, str], outputs: Mapping[int, int]
    ) -> None:
        """`outputs` are open files by the descriptor that each is to have in the process; PIPE is for stderr."""
        self.stderr: TextIO | None = None
        # Connections are what multiprocessing hands on with their descriptors.
        files = {number: Connection(self._opened(file), readable=False) for number, file in outputs.items()}
        self._process = _context.Process(
            target=_run, args=(tuple(arguments), str(cwd), dict(environment), files), name=" ".join(arguments)
        )
        self._process.start()
        for file in files.values():
            file.close()

    def _opened(self, file: int) -> int:
        if file != subprocess.PIPE:
            return os.dup(file)
        reading, writing = os.pipe()
        self.stderr = os.fdopen(reading, encoding="utf-8")
        return writing

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """The exit status if it has ended."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, awaited. Raises `subprocess.TimeoutExpired`."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send a signal if it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


def _run(arguments: Sequence[str], cwd: str, environment: Mapping[str, str], files: Mapping[int, Connection]) -> None:
    from app.cli import main

    for number, file in files.items():
        os.dup2(file.fileno(), number)
        file.close()
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = arguments
    sys.exit(main())
