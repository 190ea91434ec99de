"""`python -m app`, as a process that runs to its end."""

import os
import subprocess
import sys
from pathlib import Path

from tests.documents import ROOT
from tests.service import free_port


def run(directory: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m app` as someone would, in `directory` and with these variables alone."""
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=directory,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "PORT": str(free_port()), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
