"""Desktop hosts: one that writes and reads lines by itself, and the official client."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any, Final

import psutil
from mcp import Client
from mcp.client.session import ElicitationFnT
from mcp.client.stdio import StdioServerParameters, stdio_client

from tests.documents import ROOT
from tests.journeys.device import Mode
from tests.preloaded import Preloaded

SECONDS: Final = 60
LATEST: Final = "2026-07-28"
_ids: Final = count(1)


def variables(data_dir: Path, **more: str) -> dict[str, str]:
    """The environment of a host that starts the server from this source tree."""
    return {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "DATA_DIR": str(data_dir), **more}


@asynccontextmanager
async def official(
    data_dir: Path,
    mode: Mode = "auto",
    arguments: Sequence[str] = (),
    person: ElicitationFnT | None = None,
    **more: str,
) -> AsyncGenerator[Client]:
    """The official client, with a server of its own, and a person who can be asked."""
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "app", "stdio", *arguments], env=variables(data_dir, **more), cwd="/"
    )
    async with Client(stdio_client(server), mode=mode, elicitation_callback=person) as client:
        yield client


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """The structured result of a call that is not refused."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result
    assert result.structured_content is not None
    return result.structured_content


async def names(client: Client, **arguments: Any) -> list[str]:
    """The names on a list, in its order."""
    return [item["name"] for item in (await call(client, "list_items", **arguments))["items"]]


class Host:
    """A server process with its pipes, in the newer protocol era.

    It spares itself the imports, unless it is to start and end as an interpreter of its own does.
    """

    def __init__(
        self, data_dir: Path, *arguments: str, interpreter: bool = False, environment: Mapping[str, str] | None = None
    ) -> None:
        reading, self._stdin = os.pipe()
        self._stdout, writing = os.pipe()
        self._answers = os.fdopen(self._stdout, encoding="utf-8")
        self._stderr = TemporaryFile("w+")  # noqa: SIM115
        values, command = variables(data_dir, **(environment or {})), ["stdio", *arguments]
        if interpreter:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app", *command],
                cwd="/",
                env=values,
                stdin=reading,
                stdout=writing,
                stderr=self._stderr,
            )
        else:
            files = {0: reading, 1: writing, 2: self._stderr.fileno()}
            self.process = Preloaded(command, Path("/"), values, files)
        os.close(reading)
        os.close(writing)

    def __enter__(self) -> "Host":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.end()
        finally:
            self._answers.close()
            self._stderr.close()

    def write(self, text: str) -> None:
        """Write to its stdin."""
        data = text.encode()
        while data:
            data = data[os.write(self._stdin, data) :]

    def request(self, method: str, **params: Any) -> int:
        """Send a request; its id."""
        meta = {
            "io.modelcontextprotocol/protocolVersion": LATEST,
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": "a plain host", "version": "1"},
        }
        number = next(_ids)
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": {**params, "_meta": meta}}
        self.write(json.dumps(message) + "\n")
        return number

    def read(self) -> dict[str, Any]:
        """The next message."""
        line = self._answers.readline()
        assert line, self.end()
        return json.loads(line)

    def answer(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer to a request, which must be the next message."""
        number = self.request(method, **params)
        message = self.read()
        assert message["id"] == number
        return message

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The structured result of a call that is not refused."""
        result = self.answer("tools/call", name=tool, arguments=arguments)["result"]
        assert not result["isError"], result
        return result["structuredContent"]

    def names(self) -> list[str]:
        """The names on the default list."""
        return [item["name"] for item in self.call("list_items")["items"]]

    def end(self) -> tuple[int, str, str]:
        """Close its stdin: exit status, and the rest of its stdout and all of its stderr."""
        if self._stdin >= 0:
            os.close(self._stdin)
            self._stdin = -1
        rest = self._answers.read()
        status = self.process.wait(SECONDS)
        self._stderr.seek(0)
        return status, rest, self._stderr.read()

    def kill(self) -> None:
        """Kill -9."""
        self.process.kill()
        self.process.wait(SECONDS)

    def stop(self, number: signal.Signals) -> int:
        """Send a signal while its stdin stays open; the exit status."""
        self.process.send_signal(number)
        return self.process.wait(SECONDS)

    def children(self) -> list[psutil.Process]:
        """What it has started and still runs."""
        return psutil.Process(self.process.pid).children(recursive=True)
