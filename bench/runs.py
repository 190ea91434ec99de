"""Put every candidate of every scenario under load, in turn."""

import asyncio
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.settings import Settings
from bench.figures import Round
from bench.filling import lengthen_lists
from bench.load import FEWEST, Load, Measured
from bench.plan import HOUSEHOLDS, MOST_ADDED, OPEN_ITEMS, REMOVED, Call, Candidate, Scenario
from bench.progress import Progress
from bench.servers import ROOT, Server
from bench.setup import make_shoppers
from bench.sizes import Sizes

LONGEST_BLOCK_SECONDS = 60


class RunFailed(Exception):
    """The load generator gave up, after printing why."""


@dataclass
class Bench:
    """Everything that is running, and the tokens to call with: `readers` have 50 items, `people` are groups by name."""

    settings: Settings
    superuser_url: str
    servers: Mapping[str, Server]
    postgres_pid: int
    readers: Sequence[str]
    people: Mapping[str, Sequence[str]]
    sizes: Sizes
    next_name: int = OPEN_ITEMS
    """The number of the next name that nobody has sent yet; the first ones are on the lists from the start."""

    def candidates(self, scenario: Scenario) -> Sequence[Candidate]:
        """Return the candidates whose server is running."""
        return [each for each in scenario.candidates if each.server in self.servers]

    def measure(self, scenario: Scenario, candidate: Candidate, seconds: float | None = None) -> Measured:
        """Measure a candidate, for `seconds` if given. Raises `RunFailed` if a call fails."""
        tokens = self._tokens(scenario, candidate)
        most = self.sizes.most_added if candidate.people else MOST_ADDED // candidate.items
        load = self._load(scenario.call(candidate), candidate.server, tokens, most).model_copy(
            update={"connections": scenario.connections}
        )
        if scenario.operation == "add_items" and (scenario.new_phrases or candidate.people):
            load = self._with_new_names(load, apart=scenario.new_phrases)
        if candidate.after_silence:
            load.silences, load.after_silence = self.sizes.silences, candidate.after_silence
        if candidate.beside is not None:
            load.beside, load.beside_token = candidate.beside, self._make_long_list()
        if seconds is not None:
            load.seconds = seconds
        return self._run(load, candidate.server)

    def call_all(self, server: str, call: Call, times: int) -> int:
        """Call `times` times over each of 16 connections, for a minute at most; return the number of calls.

        Raises `RunFailed` if one fails.
        """
        adds = call.operation == "add_items"
        load = self._load(call, server, self._make_people(HOUSEHOLDS, 0) if adds else self.readers, times)
        load.warm_up_seconds, load.seconds = 0, LONGEST_BLOCK_SECONDS
        return self._run(self._with_new_names(load, apart=True) if adds else load, server).requests

    def _load(self, call: Call, server: str, tokens: Sequence[str], most: int) -> Load:
        return Load(
            call=call,
            host=urlsplit(self.settings.public_url).netloc,
            port=self.servers[server].port,
            tokens=list(tokens),
            connections=len(tokens),
            warm_up_seconds=self.sizes.seconds / 8,
            seconds=self.sizes.seconds,
            most_requests=most,
            server_pid=self.servers[server].pid,
            postgres_pid=self.postgres_pid,
        )

    def _with_new_names(self, load: Load, *, apart: bool) -> Load:
        """Return the load with names that nobody has sent before; with `apart`, no two people send the same one."""
        most = load.most_requests + load.most_requests // 10 + FEWEST
        names = {"first_name": self.next_name, "names_apart": most if apart else 0}
        self.next_name += most * (len(load.tokens) if apart else 1)
        return load.model_copy(update=names)

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
            return self.people[candidate.people]
        if scenario.operation == "list_items" or scenario.operation == "tools/list":
            return self.readers[: scenario.connections]
        # What is changed belongs to people of its own; to add, they have empty lists.
        people = self._make_people(scenario.households, 0 if scenario.operation == "add_items" else OPEN_ITEMS)
        return [*people] * (scenario.connections // scenario.households)

    def _make_people(self, households: int, items: int) -> Sequence[str]:
        return asyncio.run(make_shoppers(self.settings, households, items))

    def _make_long_list(self) -> str:
        (token,) = self._make_people(1, 0)
        asyncio.run(lengthen_lists(self.superuser_url, [token], REMOVED, REMOVED + 1, checked=True))
        return token


def describe(measured: Measured) -> str:
    """Return the figures of a run in a few words."""
    return (
        f"{measured.rate:,.0f}/s, CPU {measured.server_cpu:,.0f} + {measured.postgres_cpu:,.0f} us, "
        f"p99 {measured.p99:.1f} ms"
    )


def run_rounds(bench: Bench, scenarios: Sequence[Scenario]) -> dict[str, list[Round]]:
    """Measure every candidate of every scenario in turn, round after round, every second round backwards."""
    results: dict[str, list[Round]] = {scenario.title: [] for scenario in scenarios}
    progress = Progress(bench.sizes.rounds * sum(len(bench.candidates(scenario)) for scenario in scenarios))
    for number in range(bench.sizes.rounds):
        for scenario in scenarios:
            measured: Round = {}
            candidates = bench.candidates(scenario)
            for candidate in candidates[:: -1 if number % 2 else 1]:
                measured[candidate.name] = bench.measure(scenario, candidate)
                progress.step(f"{scenario.title}, {candidate.name}: {describe(measured[candidate.name])}")
            results[scenario.title].append({each.name: measured[each.name] for each in candidates})
    return results
