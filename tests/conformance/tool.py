"""MCP's conformance tool: installed from its lock, run against an authorization server, and what it says of it.

Its `server` command is in server_mode.py. Its `authorization` command has two scenarios, and the second uses what the
first has found, so both are run at once: `authorization-server-metadata-endpoint` reads the metadata,
`authorization-code-grant` prints an authorization request for a person to open, listens for the redirect and redeems
the code with PKCE.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio

from tests.conformance.scenarios import Check, read_checks
from tests.journeys.person import browsing
from tests.npm import NODE, install
from tests.oauth.tokens import register
from tests.service import free_port

HERE: Final = Path(__file__).parent
VERSION: Final = "0.2.0-alpha.12"
SCRIPT: Final = "node_modules/@modelcontextprotocol/conformance/dist/index.js"

EXPECTED: Final = {
    "authorization-server-metadata": "SUCCESS",
    "authorization-server-metadata-cimd": "SUCCESS",
    "authorization-code-grant": "SUCCESS",
}
"""Each check of both scenarios, by its id, and how it ends."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended, what the tool printed, and its checks."""

    exit_status: int
    output: str
    checks: list[Check]

    @property
    def is_as_expected(self) -> bool:
        """Whether every check was made and ended as it should; the tool itself forgives one that it skipped."""
        return self.exit_status == 0 and {each.id: each.status for each in self.checks} == EXPECTED

    @property
    def report(self) -> str:
        """The tool's own words, and those of its checks that it keeps to its files."""
        checks = [f"{each.status} {each.id}{f': {each.message}' if each.message else ''}" for each in self.checks]
        return "\n".join([self.output, *checks, f"exit status {self.exit_status}"])


def install_tool(directory: Path) -> Path:
    """Install the tool into `directory`; return its program. Raises `NotInstalled`."""
    install(HERE, directory)
    return directory / SCRIPT


def package_of(program: Path) -> Path:
    """Return the directory of the tool's package, which has the requirement sets beside the program."""
    return program.parents[1]


def check_authorization_server(program: Path, issuer: str, results: Path) -> Outcome:
    """Run both scenarios with a client of the tool's own and a new person, who signs up and approves.

    The tool keeps its files in `results`.
    """
    port = free_port()
    client_id = anyio.run(_register, issuer, f"http://127.0.0.1:{port}/callback")
    target = ["--url", issuer, "--resource", f"{issuer}/mcp"]
    client = ["--client-id", client_id, "--port", str(port)]
    command = [NODE, program, "authorization", *target, *client, "--output-dir", results]
    output: list[str] = []
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                output.append(line)
                if line.startswith(f"{issuer}/"):
                    anyio.run(_approve, line.strip())
        except BaseException:
            process.kill()  # it would wait for its redirect for minutes
            raise
    return Outcome(process.returncode, "".join(output), read_checks(results))


async def _register(issuer: str, redirect_uri: str) -> str:
    """Register a public client; return its id."""
    async with browsing() as tool:
        return (await register(tool.browser, issuer, redirect_uris=[redirect_uri]))["client_id"]


async def _approve(authorize_url: str) -> None:
    async with browsing() as person:
        await person.visit(authorize_url)
