"""The programs under load, each a process of its own on a port of 127.0.0.1."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
from pydantic import SecretStr

from app.db.embedded import DatabaseUrls
from app.settings import Settings

ROOT: Final = Path(__file__).parents[1]
START_SECONDS: Final = 60
STOP_SECONDS: Final = 20
PAUSE_SECONDS: Final = 0.05
LAST_WORDS: Final = 2_000


class StartFailed(Exception):
    """A program ended, or did not answer in time; the argument has the end of its log."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running program, and the file with its output."""

    port: int
    pid: int
    log: Path

    def last_words(self) -> str:
        """The end of its output."""
        return self.log.read_text(errors="replace")[-LAST_WORDS:]


def settings_for(urls: DatabaseUrls) -> Settings:
    """The settings of a local service on that database, as in production except for LIMITS."""
    return Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue]
        host="127.0.0.1",
        port=free_port(),
        public_url="",
        database_url=SecretStr(urls.service),
        migration_database_url=SecretStr(urls.owner),
        secret_key=SecretStr(secrets.token_hex(32)),
        workers=1,
        log_level="info",
        limits=False,
    )


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str], port: int, log: Path) -> Generator[Server]:
    """The program, its output in the file `log`, from when it serves on `port` until the block ends.

    Raises `StartFailed` when it does not get ready.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    server = Server(port, process.pid, log)
    try:
        _wait_until_ready(process, server)
        yield server
    finally:
        _stop(process)


def python(*arguments: str) -> list[str]:
    """`python -m` with these arguments."""
    return [sys.executable, "-m", *arguments]


def environment_for(settings: Settings) -> Mapping[str, str]:
    """The settings as the service reads them."""
    assert settings.database_url is not None
    assert settings.migration_database_url is not None
    assert settings.secret_key is not None
    return {
        "HOST": settings.host,
        "PORT": str(settings.port),
        "PUBLIC_URL": settings.public_url,
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "MIGRATION_DATABASE_URL": settings.migration_database_url.get_secret_value(),
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "SECRET_KEY_PREVIOUS": "",
        "WORKERS": str(settings.workers),
        "LOG_LEVEL": settings.log_level,
        "LIMITS": str(settings.limits),
    }


def beside(settings: Settings, workers: int = 1) -> Settings:
    """The same, on a port of its own: who listens there answers under the name of the first, and takes its tokens."""
    return settings.model_copy(update={"port": free_port(), "workers": workers})


def _wait_until_ready(process: "subprocess.Popen[bytes]", server: Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"http://127.0.0.1:{server.port}/readyz", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass  # not yet
        time.sleep(PAUSE_SECONDS)
    raise StartFailed(f"it did not start:\n{server.last_words()}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
