"""The service as people run it: a process of its own, with a database of its own in its DATA_DIR."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final

import httpx
import psutil
from pydantic import SecretStr

from app.db.embedded import DatabaseUrls
from app.db.embedded.process import is_locked
from app.db.embedded.roles import read_access, urls
from app.settings import Settings
from tests.db.embedded_service import servers_of
from tests.service import ROOT, START_SECONDS, STOP_SECONDS, Service, free_port

SERVE: Final = (sys.executable, "-m", "app", "serve")

# Empty means "not set", also where a `.env` file says otherwise. The last two reach a `make` that is started by a test
# that was itself started by `make`.
SETTINGS: Final = ("HOST", "PUBLIC_URL", "ALLOWED_ORIGINS", "LIMITS", "LOG_LEVEL", "WORKERS")
SECRETS: Final = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "SECRET_KEY", "SECRET_KEY_PREVIOUS")
UNSET: Final = dict.fromkeys((*SETTINGS, *SECRETS, "ARGS", "MAKEFLAGS"), "")

MOST_QUESTIONS: Final = 400
"""How often to ask whether the service is ready; each takes a second or two where nobody answers."""


@dataclass
class Product:
    """One installation: a DATA_DIR and a port, served by one process after the other."""

    data_dir: Path
    port: int = field(default_factory=free_port)
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    services: list[Service] = field(default_factory=list[Service])

    @property
    def url(self) -> str:
        """PUBLIC_URL."""
        return f"http://localhost:{self.port}"

    @property
    def mcp_url(self) -> str:
        """What a person pastes into a client."""
        return f"{self.url}/mcp"

    def start(self, command: Sequence[str | Path] = SERVE, cwd: Path = ROOT) -> Service:
        """Start the service in a session of its own, as a terminal would, and return when it serves."""
        service = self.launch(command, cwd)
        service.wait_until_started()
        self.wait_until_ready(service)
        return service

    def wait_until_ready(self, service: Service) -> None:
        """Return when it answers: with several workers the address is bound before any of them listens."""
        with httpx.Client(transport=httpx.HTTPTransport(retries=3), timeout=START_SECONDS) as http:
            for _ in range(MOST_QUESTIONS):
                with suppress(httpx.ConnectError):
                    assert http.get(f"{self.url}/readyz").status_code == 200, "".join(service.log)
                    return
                assert service.process.poll() is None, "".join(service.log)
        raise AssertionError("".join(service.log))

    def launch(self, command: Sequence[str | Path] = SERVE, cwd: Path = ROOT) -> Service:
        """The same without waiting."""
        ours = {**UNSET, "PORT": str(self.port), "DATA_DIR": str(self.data_dir), **self.environment}
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **ours},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        service = Service(self.url, process)
        self.services.append(service)
        return service

    def database(self) -> DatabaseUrls:
        """The addresses of the database, as the running service made them."""
        access = read_access(self.data_dir / "postgres.json")
        assert access is not None
        return urls(access)

    def settings(self) -> Settings:
        """The settings that the running service ended up with."""
        found = self.database()
        return Settings(
            _env_file=None,  # pyright: ignore[reportCallIssue]
            port=self.port,
            data_dir=self.data_dir,
            secret_key=SecretStr((self.data_dir / "secret_key").read_text().strip()),
            database_url=SecretStr(found.service),
            migration_database_url=SecretStr(found.owner),
        )

    def assert_nothing_runs(self) -> None:
        """Neither a PostgreSQL server nor a process of the service is left.

        Where there were several workers, Python's own resource tracker ends a moment after the last of them.
        """
        assert servers_of(self.data_dir) == []
        assert not is_locked(self.data_dir / "postgres.lock")
        assert not is_locked(self.data_dir / "lock")
        ending = [process for service in self.services for process in processes_of(service)]
        _, alive = psutil.wait_procs(ending, timeout=STOP_SECONDS)
        assert alive == []

    def __enter__(self) -> "Product":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A test that failed may leave anything behind.
        for service in self.services:
            if service.process.poll() is None:
                interrupt(service)
                service.process.wait(STOP_SECONDS)
            for process in processes_of(service):
                process.kill()
        for server in servers_of(self.data_dir):
            server.kill()
            shutil.rmtree(self._socket_dir(), ignore_errors=True)

    def _socket_dir(self) -> Path:
        access = read_access(self.data_dir / "postgres.json")
        assert access is not None
        assert access.socket_dir is not None
        return access.socket_dir


def processes_of(service: Service) -> list[psutil.Process]:
    """The living processes of the service's session: its parent, its workers, and none of PostgreSQL."""
    session = service.process.pid
    return [each for each in psutil.process_iter() if _session_of(each.pid) == session and _lives(each)]


def interrupt(service: Service) -> None:
    """Ctrl-C: the terminal sends SIGINT to every process of the group in its foreground."""
    os.killpg(service.process.pid, signal.SIGINT)


def kill(service: Service) -> None:
    """Kill -9: the process that was started, and none of those that it started."""
    service.process.kill()
    service.process.wait(STOP_SECONDS)


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
