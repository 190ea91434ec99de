"""`python -m app`, as a process that runs to its end."""

import os
import subprocess
import sys
from pathlib import Path

from tests.documents import ROOT
from tests.service import free_port


def run(directory: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m app` as someone would, in `directory` and with these variables alone."""
    process = started(directory, *arguments, **environment)
    with process:
        stdout, stderr = process.communicate(timeout=120)
    return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)


def started(directory: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """The same, while it runs."""
    return subprocess.Popen(
        [sys.executable, "-m", "app", *arguments],
        cwd=directory,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "PORT": str(free_port()), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
