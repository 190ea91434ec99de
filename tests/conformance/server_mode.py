"""The conformance tool in its server mode, against our application with the suite's fixtures, on a real port.

The tool brings no token, so each request is given one before it reaches the application. PUBLIC_URL is where the tool
finds it.
"""

import subprocess
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from app.db import create_engine
from app.settings import Settings
from tests.conformance.expected import EXCEPTIONS, Exceptions, unexpected
from tests.conformance.fixtures.application import create_conformance_app
from tests.conformance.scenarios import REVISIONS, Scenario, read_scenarios
from tests.conformance.tool import package_of
from tests.factory import Factory
from tests.mcp.streaming import PortServer
from tests.npm import NODE
from tests.service import free_port


@dataclass(frozen=True, slots=True)
class ServerOutcome:
    """How the scenarios of a revision ended, and what the tool printed."""

    revision: str
    exit_status: int
    output: str
    scenarios: Sequence[Scenario]

    @property
    def exceptions(self) -> Exceptions:
        """The scenarios that are not expected to pass."""
        return EXCEPTIONS[self.revision]

    @property
    def complaints(self) -> list[str]:
        """What is not as expected; the tool's own verdict has to be ours."""
        lines = unexpected(self.scenarios, self.exceptions)
        verdict = int(any(each.unscored is None and not each.counts for each in self.scenarios))
        if self.exit_status != verdict:
            lines.append(f"the tool ended with exit status {self.exit_status}, not {verdict}")
        return lines

    @property
    def score(self) -> str:
        """How many of the required scenarios the tool counts as passed."""
        required = [each for each in self.scenarios if each.unscored is None]
        return f"{sum(each.counts for each in required)} of {len(required)}"

    @property
    def report(self) -> str:
        """The tool's own words, and ours."""
        return "\n".join([self.output, f"{self.revision}: {self.score} required scenarios passed", *self.complaints])


async def check_server(program: Path, settings: Settings, results: Path) -> list[ServerOutcome]:
    """Run the scenarios of every revision with a new person, against a server on the database of these settings."""
    outcomes: list[ServerOutcome] = []
    async with serving(create_conformance_app, settings) as (url, _):
        for revision in REVISIONS:
            directory = results / revision
            command = [NODE, program, "server", "--url", url, "--requirements", revision, "--output-dir", directory]
            ended = await anyio.run_process(command, check=False, stderr=subprocess.STDOUT)
            scenarios = read_scenarios(package_of(program), revision, directory)
            outcomes.append(ServerOutcome(revision, ended.returncode, ended.stdout.decode(), scenarios))
    return outcomes


@asynccontextmanager
async def serving(create_app: Callable[[Settings], ASGIApp], settings: Settings) -> AsyncGenerator[tuple[str, str]]:
    """Serve an application while the block runs, to a new person; yield the URL of its endpoint, and their token."""
    port = free_port()
    settings = settings.model_copy(update={"port": port, "public_url": f"http://localhost:{port}"})
    assert settings.database_url is not None
    engine = create_engine(settings.database_url.get_secret_value())
    try:
        person = await Factory(engine, settings).connected("Ada")
    finally:
        await engine.dispose()
    app = with_token(create_app(settings), person.token)
    server = PortServer(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve)
        await server.ready.wait()
        try:
            yield settings.resource, person.token
        finally:
            server.should_exit = True


def with_token(app: ASGIApp, token: str) -> ASGIApp:
    """Return the application for clients without a token: each request without one is given this one."""
    bearer = (b"authorization", f"Bearer {token}".encode())

    async def given_token(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and b"authorization" not in dict(scope["headers"]):
            scope = {**scope, "headers": [*scope["headers"], bearer]}
        await app(scope, receive, send)

    return given_token
