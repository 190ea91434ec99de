"""Servers that other libraries make: the same work, over the same tables, by each library's documented best practice.

They are programs of their own with dependencies of their own, installed beside them at first use.
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

from app.db.engine import POOL_SIZE
from app.settings import Settings

HERE: Final = Path(__file__).parent
FASTMCP: Final = HERE / "fastmcp"
TYPESCRIPT: Final = HERE / "typescript"
LOCK: Final = "package-lock.json"
LAST_WORDS: Final = 200


class PeerMissing(Exception):
    """The peer can't take part; the argument says why, in one line."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Another library's server: what starts it, what pins its dependencies, and how they get installed."""

    name: str
    command: Sequence[str]
    lock: Path
    installed: Path
    """The directory of its dependencies, kept out of git."""

    install: Callable[[], None]
    version: Callable[[], str]

    def prepare(self, *, may_install: bool) -> None:
        """Install what its lock file names, where that is still to be done. Raises `PeerMissing`."""
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
    """All of them."""
    environment, modules = FASTMCP / ".venv", TYPESCRIPT / "node_modules"
    python = str(environment / "bin/python")
    fastmcp = [python, str(FASTMCP / "server.py")]
    typescript = ["node", str(TYPESCRIPT / "server.mjs")]
    return (
        Peer("FastMCP", fastmcp, FASTMCP / "requirements.txt", environment, _install_fastmcp, _fastmcp_version),
        Peer("TypeScript", typescript, TYPESCRIPT / LOCK, modules, _install_typescript, _typescript_version),
    )


def environment_for(settings: Settings) -> Mapping[str, str]:
    """What a peer reads: its port, the database as the service has it, and whose tokens to accept."""
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
        raise PeerMissing("uv, which installs it, is not here")
    environment = FASTMCP / ".venv"
    lock = FASTMCP / "requirements.txt"
    _run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(environment)], FASTMCP)
    _run([uv, "pip", "sync", "--quiet", "--python", str(environment), "--require-hashes", str(lock)], FASTMCP)


def _install_typescript() -> None:
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise PeerMissing(f"{program} is not here")
    _run(["npm", "ci", "--ignore-scripts", "--silent"], TYPESCRIPT)


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
