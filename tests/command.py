"""`python -m app`, as a process that runs to its end."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

from tests.documents import ROOT
from tests.preloaded import Preloaded
from tests.service import free_port

SECONDS: Final = 120


def run(directory: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m app` as someone would, in `directory` and with these variables alone."""
    with TemporaryFile("w+") as stdout, TemporaryFile("w+") as stderr:
        outputs = {1: stdout.fileno(), 2: stderr.fileno()}
        process = Preloaded(arguments, directory, _variables(environment), outputs)
        try:
            status = process.wait(SECONDS)
        finally:
            process.kill()
        said = [file.read() for file in (stdout, stderr) if file.seek(0) == 0]
    return subprocess.CompletedProcess(arguments, status, *said)


def run_program(directory: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The same from the start of the interpreter on."""
    with started(directory, *arguments, **environment) as process:
        stdout, stderr = process.communicate(timeout=SECONDS)
    return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)


def started(directory: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """The same, while it runs."""
    return subprocess.Popen(
        [sys.executable, "-m", "app", *arguments],
        cwd=directory,
        env=_variables(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _variables(environment: dict[str, str]) -> dict[str, str]:
    return {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "PORT": str(free_port()), **environment}
