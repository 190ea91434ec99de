"""`python -m bench.trips`: print how much of app/ a request passes through, and how much SQL it takes.

The requests go to the application in this process, without a network, over a PostgreSQL of their own. What is shown is
how it is when the caches and connections are warm. bench/recorder.py has the counting rules.
"""

import argparse
import asyncio
import io
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx
from starlette.applications import Starlette

import app
from app.db.embedded import EmbeddedPostgres
from app.db.migrations import migrate
from app.errors import StartupError
from app.main import create_app
from app.runtime.logging import configure_logging
from app.settings import Settings
from bench.messages import CLIENT, item_name
from bench.oauth_client import OAuthClient
from bench.recorder import Trip, recording, watching
from bench.servers import settings_for
from bench.setup import make_shoppers

ITEMS: Final = 10
"""How many open items a list has at first."""

WARM_UP: Final = 2
MOST_TRIES: Final = 10
PROTOCOL: Final = "2026-07-28"
HEADINGS: Final = ("calls", "files", "statements", "BEGIN/COMMIT", "messages")
TITLE_WIDTH: Final = 12


class Unsettled(Exception):
    """A trip is different each time it is made; the argument names it."""


@dataclass(frozen=True)
class Service:
    """The running application, a person's access token for each trip that has one, and names of new items."""

    application: Starlette
    base_url: str
    tokens: Mapping[str, str]
    names: Iterator[str]

    def http(self) -> httpx.AsyncClient:
        """Return a client without cookies."""
        transport = httpx.ASGITransport(self.application, client=("127.0.0.1", 50_000))
        return httpx.AsyncClient(transport=transport, base_url=self.base_url, follow_redirects=True)

    async def connect(self, http: httpx.AsyncClient) -> OAuthClient:
        """Register an OAuth client."""
        client = OAuthClient(http, self.base_url)
        await client.register()
        return client

    async def call_tool(self, trip: str, tool: str, expected_status: str = "", **arguments: Any) -> Any:
        """Call a tool as the person of a trip; return its structured result, whose entries have the status."""
        headers = {
            "Authorization": f"Bearer {self.tokens[trip]}",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": PROTOCOL,
            "Mcp-Method": "tools/call",
            "Mcp-Name": tool,
        }
        about_client = {
            "io.modelcontextprotocol/protocolVersion": PROTOCOL,
            "io.modelcontextprotocol/clientInfo": CLIENT,
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        params = {"name": tool, "arguments": arguments, "_meta": about_client}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        async with self.http() as http:
            response = await http.post(f"{self.base_url}/mcp", json=body, headers=headers)
        result = response.raise_for_status().json()["result"]
        assert not result.get("isError"), result
        structured = result["structuredContent"]
        if expected_status:
            assert [each["status"] for each in structured["results"]] == [expected_status], structured
        return structured


async def _add_items(service: Service) -> Trip:
    with recording() as trip:
        await service.call_tool("add_items", "add_items", "added", items=[f"2 kg {next(service.names)}"])
    return trip


async def _list_items(service: Service) -> Trip:
    with recording() as trip:
        await service.call_tool("list_items", "list_items")
    return trip


async def _refresh(service: Service) -> Trip:
    async with service.http() as http:
        client = await service.connect(http)
        token = await client.redeem(await client.get_code())
        with recording() as trip:
            await client.refresh(token)
    return trip


async def _undo(service: Service) -> Trip:
    added = await service.call_tool("undo", "add_items", "added", items=[f"2 kg {next(service.names)}"])
    with recording() as trip:
        await service.call_tool("undo", "undo", "undone", undo_ref=added["undo_ref"])
    return trip


async def _authorize(service: Service) -> Trip:
    async with service.http() as http:
        client = await service.connect(http)
        with recording() as trip:
            await client.get_code()
    return trip


TRIPS: Final[Mapping[str, Callable[[Service], Awaitable[Trip]]]] = {
    "add_items": _add_items,
    "list_items": _list_items,
    "refresh": _refresh,
    "undo": _undo,
    "authorize": _authorize,
}
"""What makes and records each trip: one item added, a list shown, a token refreshed, an addition undone, and the way
from an authorization request through signing in and consent to the code."""


async def record_trips(settings: Settings, names: Sequence[str] = tuple(TRIPS)) -> dict[str, Trip]:
    """Record these trips in a service of its own on the migrated database of `settings`.

    Raises `Unsettled` when one is different each time.
    """
    tokens = dict(zip(TRIPS, await make_shoppers(settings, len(TRIPS), ITEMS), strict=True))
    with watching(Path(app.__file__).parent):
        application = create_app(settings)
        async with application.router.lifespan_context(application):
            service = Service(application, settings.public_url, tokens, map(item_name, count(ITEMS)))
            async with service.http() as http:
                await (await service.connect(http)).sign_up()
            return {name: await _record(name, service) for name in names}


async def _record(name: str, service: Service) -> Trip:
    """Return the first trip after the warm-up that is like the one before it.

    A connection that is new in the pool, because a job had the other one, first asks PostgreSQL for its types.
    """
    previous: Trip | None = None
    for attempt in range(MOST_TRIES):
        trip = await TRIPS[name](service)
        if attempt >= WARM_UP and trip == previous:
            return trip
        previous = trip
    raise Unsettled(f"{name} was different each of {MOST_TRIES} times")


def table(trips: Mapping[str, Trip]) -> str:
    """Return the counts, a line for each trip."""
    lines = ["".join([" " * TITLE_WIDTH, *(f"{each:>14}" for each in HEADINGS)])]
    for name, trip in trips.items():
        counted = (trip.calls, trip.files, trip.statements, trip.boundaries, trip.messages)
        lines.append("".join([f"{name:{TITLE_WIDTH}}", *(f"{len(each):14}" for each in counted)]))
    return "\n".join(lines)


def details(trip: Trip, kind: str) -> list[str]:
    """Return a line for each file, call or message of a trip, in order."""
    if kind == "files":
        return trip.files
    if kind == "calls":
        width = max((len(each) for each in trip.files), default=0)
        return [f"{each.file:{width}}  {each.function}" for each in trip.calls]
    return [" ".join(each.split()) for each in trip.messages]


def main() -> int:
    """Print the trips; return 0 if each was made."""
    given = _arguments()
    log = io.StringIO()
    try:
        trips = _record_in_new_database(given.trips or tuple(TRIPS), log)
    except (StartupError, Unsettled) as error:
        print(f"trips: {error}", file=sys.stderr)
        return 1
    except Exception:
        print(log.getvalue(), file=sys.stderr)
        raise
    print(table(trips))
    for kind in given.details:
        for name, trip in trips.items():
            print("", f"{name}, {kind}:", *details(trip, kind), sep="\n")
    return 0


def _record_in_new_database(names: Sequence[str], log: io.StringIO) -> dict[str, Trip]:
    """Record these trips in a service that logs to `log`."""
    with (
        tempfile.TemporaryDirectory(prefix="shopping-trips-") as directory,
        EmbeddedPostgres(Path(directory) / "data") as urls,
    ):
        migrate(urls.owner, urls.service)
        # Load is measured without limits; a trip passes them as any request does.
        settings = settings_for(urls).model_copy(update={"limits": Settings.model_fields["limits"].default})
        with redirect_stderr(log):
            configure_logging(settings.log_level)
        return asyncio.run(record_trips(settings, names))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.trips", description="Count the calls, files and SQL of a request's way through app/."
    )
    parser.add_argument("trips", nargs="*", metavar="TRIP", help=f"only these, of {', '.join(TRIPS)}")
    for kind, what in (("files", "files entered"), ("calls", "functions called"), ("messages", "messages of SQL")):
        words = f"list the {what}, in order"
        parser.add_argument(f"--{kind}", dest="details", action="append_const", const=kind, default=[], help=words)
    given = parser.parse_args()
    if unknown := [each for each in given.trips if each not in TRIPS]:
        parser.error(f"no such trip: {', '.join(unknown)}")
    return given


if __name__ == "__main__":
    raise SystemExit(main())
