"""`python -m bench`: measure ours and the limit in turn, and print how they compare. Progress goes to stderr."""

import argparse
import asyncio
import os
import platform
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final
from urllib.parse import urlsplit

from app.config import Settings
from app.db.embedded import EmbeddedPostgres
from app.errors import StartupError
from bench.load import Load, Measured
from bench.peers import PeerMissing, peers
from bench.plan import HOUSEHOLDS, MOST_ADDS, OPEN_ITEMS, SCENARIOS, Candidate, Scenario, ServerName
from bench.programs import Programs
from bench.report import EXPLANATION, Round, table
from bench.servers import ROOT, Server, StartFailed, beside, settings_for
from bench.setup import gather_statistics, make_shoppers

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


class RunFailed(Exception):
    """The load generator gave up; it has said why."""


@dataclass(frozen=True)
class Bench:
    """Everything that runs, and how long each run is."""

    settings: Settings
    servers: Mapping[ServerName, Server]
    postgres_pid: int
    readers: Sequence[str]
    seconds: float

    def measure(self, scenario: Scenario, candidate: Candidate) -> Measured:
        """One run. Raises `RunFailed` when a call in it fails."""
        server = self.servers[candidate.server]
        load = Load(
            call=scenario.call(candidate),
            host=urlsplit(self.settings.public_url).netloc,
            port=server.port,
            tokens=self._tokens(scenario),
            warm_up_seconds=self.seconds / 8,
            seconds=self.seconds,
            most_requests=MOST_ADDS // scenario.items,
            server_pid=server.pid,
            postgres_pid=self.postgres_pid,
        )
        ended = subprocess.run(
            [sys.executable, "-m", "bench.load"],
            cwd=ROOT,
            input=load.model_dump_json(),
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if ended.returncode != 0:
            raise RunFailed(
                f"{scenario.operation} by {candidate.name} failed, so there are no figures. "
                f"The end of the server's log:\n{server.last_words()}"
            )
        return Measured.model_validate_json(ended.stdout)

    def candidates(self, scenario: Scenario) -> Sequence[Candidate]:
        """Those whose server runs."""
        return [each for each in scenario.candidates if each.server in self.servers]

    def _tokens(self, scenario: Scenario) -> list[str]:
        if scenario.operation == "add_items":  # on lists that nobody has filled before
            return asyncio.run(make_shoppers(self.settings, scenario.connections, 0))
        return list(self.readers[: scenario.connections])


def run_rounds(bench: Bench, rounds: int) -> dict[Scenario, list[Round]]:
    """Every candidate of every scenario in turn, `rounds` times; every second round backwards."""
    results: dict[Scenario, list[Round]] = {scenario: [] for scenario in SCENARIOS}
    for number in range(rounds):
        for scenario in SCENARIOS:
            measured: Round = {}
            for candidate in bench.candidates(scenario)[:: -1 if number % 2 else 1]:
                measured[candidate.name] = bench.measure(scenario, candidate)
                what = f"{scenario.operation}, {scenario.connections} at once, {candidate.name}"
                print(f"{number + 1}/{rounds} {what}: {measured[candidate.name].rate:,.0f}/s", file=sys.stderr)
            results[scenario].append(measured)
    return results


def main() -> int:
    """The program: 0 when every call of every run succeeded."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the service beside the limit.")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured (default 3)")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a run (default 2)")
    parser.add_argument("--quick", action="store_true", help="one round of short runs: only shows that it works")
    given = parser.parse_args()
    rounds, seconds = (1, 0.25) if given.quick else (max(given.rounds, 1), given.seconds)
    for each in STOP_SIGNALS:
        signal.signal(each, _stop)
    try:
        with ExitStack() as stack:
            results = run_rounds(_start(stack, seconds), rounds)
    except (RunFailed, StartFailed, StartupError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{rounds} x {seconds:g} s, one worker, {machine}, load from the same machine\n{EXPLANATION}")
    for scenario, measured in results.items():
        print(f"\n{table(scenario, measured)}")
    return 0


def _start(stack: ExitStack, seconds: float) -> Bench:
    """Start PostgreSQL, ours (which migrates) and the limit; `stack` ends them."""
    directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shopping-bench-")))
    data_dir = directory / "data"
    urls = stack.enter_context(EmbeddedPostgres(data_dir))
    settings = settings_for(urls)
    programs = Programs(stack, directory)
    servers: dict[ServerName, Server] = {"ours": programs.ours(settings), "limit": programs.limit(beside(settings))}
    servers["ours, 2 workers"] = programs.ours(beside(settings, workers=2))
    for peer in peers():
        try:
            peer.prepare(may_install=True)
        except PeerMissing as reason:
            print(f"{peer.name} is left out: {reason}", file=sys.stderr)
        else:
            servers[peer.name] = programs.peer(peer, beside(settings))
    readers = asyncio.run(make_shoppers(settings, HOUSEHOLDS, OPEN_ITEMS))
    asyncio.run(gather_statistics(settings))
    return Bench(
        settings=settings,
        servers=servers,
        postgres_pid=int((data_dir / "pg" / "postmaster.pid").read_text().split(maxsplit=1)[0]),
        readers=readers,
        seconds=seconds,
    )


def _stop(number: int, frame: FrameType | None) -> None:
    """End through every `finally`, so that no program stays behind; a second signal changes nothing."""
    for each in STOP_SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)


if __name__ == "__main__":
    raise SystemExit(main())
