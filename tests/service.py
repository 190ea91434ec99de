"""The service as a process of its own: started with its settings, awaited, stopped."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from pydantic import SecretStr

from app.settings import Settings
from tests.preloaded import Preloaded

ROOT = Path(__file__).parents[1]
STARTED = "Uvicorn running on"
START_SECONDS = 60
STOP_SECONDS = 60


@dataclass
class Service:
    """A running `python -m app serve` and what it wrote to stderr."""

    url: str
    process: subprocess.Popen[str] | Preloaded
    log: list[str] = field(default_factory=list[str])
    _started: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._follow, daemon=True)
        self._reader.start()

    def _follow(self) -> None:
        """Collect stderr until the process ends."""
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            for line in lines:
                self.log.append(line)
                if STARTED in line:
                    self._started.set()
        self._started.set()

    def wait_until_started(self) -> None:
        """Return when it serves; fail with its log when it does not."""
        assert self._started.wait(START_SECONDS), "".join(self.log)
        assert any(STARTED in line for line in self.log), "".join(self.log)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(STOP_SECONDS)
        self._reader.join(STOP_SECONDS)
        return status


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment variables that give these settings, and no other setting."""
    values: dict[str, str] = {}
    for name, value in settings:
        if isinstance(value, SecretStr):
            values[name.upper()] = value.get_secret_value()
        elif name == "oidc_issuers":
            values[name.upper()] = json.dumps([each.model_dump() for each in settings.oidc_issuers])
        elif isinstance(value, list):
            values[name.upper()] = ",".join(cast("list[str]", value))
        elif value is not None:
            values[name.upper()] = str(value)
    return values


def start(environment: Mapping[str, str], url: str) -> Service:
    """Start `python -m app serve` with these variables over the ones of this process."""
    variables = {**os.environ, **environment}
    if variables.get("WORKERS", "1") == "1":
        return Service(url, Preloaded(["serve"], ROOT, variables, {2: subprocess.PIPE}))
    # Each worker starts an interpreter, in the way in which its parent was started.
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "serve"], cwd=ROOT, env=variables, stderr=subprocess.PIPE, text=True
    )
    return Service(url, process)


@contextmanager
def running_service(settings: Settings) -> Generator[Service]:
    """A service that serves while the block runs."""
    service = start(environment_of(settings), settings.public_url)
    try:
        service.wait_until_started()
        yield service
    finally:
        service.stop()
