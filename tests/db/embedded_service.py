"""A tiny service around the embedded server, run as a process of its own so that tests can kill it; and its driver.

The program prints the addresses as JSON once the database answers, then waits until its input ends.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import asyncpg
import psutil

from app.db.embedded import EmbeddedPostgres, SharedPostgres
from app.errors import StartupError

ROOT: Final = Path(__file__).parents[2]
FAST: Final = {"fsync": "off"}
SHARED: Final = "shared"


async def _execute(url: str, sql: str) -> Any:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def execute(url: str, sql: str) -> Any:
    """Run one statement on a connection of its own; its first value."""
    return asyncio.run(_execute(url, sql))


START_SECONDS: Final = 60


def wait_until_it_answers(url: str) -> None:
    """Return when a server that is starting again accepts connections; within START_SECONDS."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            execute(url, "SELECT 1")
        except (asyncpg.PostgresError, OSError):
            assert time.monotonic() < deadline
        else:
            return


def servers_of(data_dir: Path) -> list[psutil.Process]:
    """The PostgreSQL servers that were started with their data in `data_dir`."""
    wanted = str(data_dir / "pg")
    processes = psutil.process_iter(["name", "cmdline"])
    return [each for each in processes if each.info["name"] == "postgres" and wanted in (each.info["cmdline"] or [])]


class Service:
    """The program below, running on `data_dir`; `prefix` goes before its command line. It has the server for itself, or
    uses it together with others (`shared`)."""

    def __init__(
        self,
        data_dir: Path,
        *,
        prefix: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        shared: bool = False,
    ) -> None:
        self.data_dir = data_dir
        how = [SHARED] if shared else []
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "tests.db.embedded_service", str(data_dir), *how],
            cwd=ROOT,
            env={"PATH": os.defpath, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.end()
        for server in servers_of(self.data_dir):
            server.kill()

    def urls(self) -> dict[str, str]:
        """Wait until it runs: the address of each role."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"it did not start: {self.end()[1]}"
        return json.loads(line)

    def server(self) -> psutil.Process:
        """The one server that it runs."""
        (server,) = servers_of(self.data_dir)
        return server

    def signal(self, how: signal.Signals) -> None:
        """Send a signal to it alone."""
        self.process.send_signal(how)

    def end(self) -> tuple[int, str]:
        """Let it end by itself: exit status and what it wrote to stderr."""
        _, stderr = self.process.communicate()
        return self.process.returncode, stderr


def _terminate(*_: object) -> None:
    raise SystemExit(0)


def main() -> int:
    """The program."""
    signal.signal(signal.SIGTERM, _terminate)
    # Where the tests run in the background of a shell, this one would be ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        data_dir = Path(sys.argv[1])
        with SharedPostgres(data_dir) if SHARED in sys.argv else EmbeddedPostgres(data_dir, settings=FAST) as urls:
            print(json.dumps(asdict(urls)), flush=True)
            try:
                sys.stdin.read()
            except KeyboardInterrupt:
                execute(urls.owner, "CREATE TABLE written_after_the_interrupt ()")
    except StartupError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
