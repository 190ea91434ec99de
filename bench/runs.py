"""Runs: every candidate of every scenario under load, in turn."""

import asyncio
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.settings import Settings
from bench.figures import Round
from bench.load import Load, Measured
from bench.plan import MOST_ADDED, OPEN_ITEMS, Call, Candidate, Scenario
from bench.progress import Progress
from bench.servers import ROOT, Server
from bench.setup import make_shoppers
from bench.sizes import Sizes

LONGEST_BLOCK_SECONDS = 60


class RunFailed(Exception):
    """The load generator gave up; it has said why."""


@dataclass(frozen=True)
class Bench:
    """Everything that runs, and whom to call as: `readers` have 50 items, `people` are groups by name."""

    settings: Settings
    servers: Mapping[str, Server]
    postgres_pid: int
    readers: Sequence[str]
    people: Mapping[str, Sequence[str]]
    sizes: Sizes

    def candidates(self, scenario: Scenario) -> Sequence[Candidate]:
        """Those whose server runs."""
        return [each for each in scenario.candidates if each.server in self.servers]

    def measure(self, scenario: Scenario, candidate: Candidate, number: int) -> Measured:
        """The run of round `number`. Raises `RunFailed` when a call in it fails."""
        most = self.sizes.most_added if candidate.people else MOST_ADDED // scenario.items
        load = self._load(scenario.call(candidate), candidate.server, self._tokens(scenario, candidate))
        # People who go on with the same lists go on with new names; the first ones are on them from the start.
        first_name = OPEN_ITEMS + number * (most + most // 10 + 10) if candidate.people else 0
        return self._run(load.model_copy(update={"most_requests": most, "first_name": first_name}), candidate.server)

    def call_all(self, server: str, call: Call, times: int) -> int:
        """So many calls over each of 16 connections, or what a minute has room for; answers how many.

        Raises `RunFailed` when one fails.
        """
        tokens = self._fresh(len(self.readers), 0) if call.operation == "add_items" else self.readers
        endless = {"most_requests": times, "warm_up_seconds": 0, "seconds": LONGEST_BLOCK_SECONDS}
        return self._run(self._load(call, server, tokens).model_copy(update=endless), server).requests

    def _load(self, call: Call, server: str, tokens: Sequence[str]) -> Load:
        return Load(
            call=call,
            host=urlsplit(self.settings.public_url).netloc,
            port=self.servers[server].port,
            tokens=list(tokens),
            warm_up_seconds=self.sizes.seconds / 8,
            seconds=self.sizes.seconds,
            most_requests=MOST_ADDED,
            server_pid=self.servers[server].pid,
            postgres_pid=self.postgres_pid,
        )

    def _run(self, load: Load, server: str) -> Measured:
        ended = subprocess.run(
            [sys.executable, "-m", "bench.load"],
            cwd=ROOT,
            input=load.model_dump_json(),
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if ended.returncode != 0:
            log = self.servers[server].last_words()
            raise RunFailed(f"{server} failed, so there are no figures. The end of the server's log:\n{log}")
        return Measured.model_validate_json(ended.stdout)

    def _tokens(self, scenario: Scenario, candidate: Candidate) -> Sequence[str]:
        if candidate.people is not None:
            return self.people[candidate.people][: scenario.connections]
        if scenario.operation == "add_items":  # to lists that nobody has filled before
            return self._fresh(scenario.connections, 0)
        if scenario.operation == "check_items":  # on lists where all is open
            return self._fresh(scenario.connections, OPEN_ITEMS)
        return self.readers[: scenario.connections]

    def _fresh(self, households: int, items: int) -> Sequence[str]:
        return asyncio.run(make_shoppers(self.settings, households, items))


def run_rounds(bench: Bench, scenarios: Sequence[Scenario]) -> dict[str, list[Round]]:
    """Every candidate of every scenario in turn, round after round; every second round backwards."""
    results: dict[str, list[Round]] = {scenario.title: [] for scenario in scenarios}
    progress = Progress(bench.sizes.rounds * sum(len(bench.candidates(scenario)) for scenario in scenarios))
    for number in range(bench.sizes.rounds):
        for scenario in scenarios:
            measured: Round = {}
            candidates = bench.candidates(scenario)
            for candidate in candidates[:: -1 if number % 2 else 1]:
                measured[candidate.name] = bench.measure(scenario, candidate, number)
                progress.step(f"{scenario.title}, {candidate.name}: {measured[candidate.name].rate:,.0f}/s")
            results[scenario.title].append({each.name: measured[each.name] for each in candidates})
    return results
