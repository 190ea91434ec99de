"""`python -m bench`: measure the service, the limit and the peers in turn, and print how they compare.

Progress goes to stderr. A full run writes docs/benchmarks.md; `--only add,list --without peers` is a short one.
"""

import argparse
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Final

from app.errors import StartupError
from bench.document import render_document
from bench.figures import Figures, Machine, Resident, Round
from bench.memory import BLOCKS, MEMORY, resident_while
from bench.plan import COMPARISONS, OURS, PEERS, SILENCE, Scenario
from bench.preparing import Preparation
from bench.profile import NoProfiler, profiler, render_profile, sampling
from bench.progress import Progress
from bench.report import format_report
from bench.runs import Bench, RunFailed, run_rounds
from bench.servers import ROOT, StartFailed
from bench.sizes import GROWTH, QUICK, Sizes, full_sizes
from bench.start import START, start_seconds

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
ROWS: Final = (*(each.key for each in COMPARISONS), GROWTH, MEMORY, START)
NO_PEERS: Final = "peers"
DOCUMENT: Final = ROOT / "docs/benchmarks.md"
PROFILES: Final = DOCUMENT.with_suffix("") / "profiles.md"
PROFILE_SECONDS: Final = 10
INTRODUCTION: Final = """\
# Profiles

`make bench ARGS=--profile` writes this page: where the CPU time of the service goes under the loads of
[benchmarks.md](../benchmarks.md), sampled by py-spy in runs of their own. A function has the time of the libraries that
it calls. [benchmarks-notes.md](../benchmarks-notes.md) says what follows.
"""


def main() -> int:
    """Run the benchmark; return 0 if every call of every run succeeded."""
    given = _arguments()
    sizes = QUICK if given.quick else full_sizes(max(given.rounds, 1), given.seconds)
    rows = [row for row in ROWS if row in given.only and row not in given.without]
    for each in STOP_SIGNALS:
        signal.signal(each, _stop)
    try:
        if given.profile is not None:
            profiler()
        with ExitStack() as stack:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shopping-bench-")))
            preparation = Preparation(stack, directory, sizes)
            bench = _prepare(preparation, rows, with_peers=NO_PEERS not in given.without, may_install=not given.quick)
            figures = _measure(preparation, bench, rows)
            if given.profile is not None:
                given.profile.write_text(_profile(bench, rows, directory))
    except (RunFailed, StartFailed, StartupError, NoProfiler) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(format_report(figures))
    if given.json is not None:
        given.json.write_text(figures.model_dump_json(indent=1))
    if given.write or (not given.quick and rows == [*ROWS] and not given.without):
        _write(figures)
    return 0


def _arguments() -> argparse.Namespace:
    def rows(text: str) -> list[str]:
        return [each for each in text.split(",") if each]

    def checked(name: str, names: Sequence[str], choices: Sequence[str]) -> None:
        if unknown := set(names).difference(choices):
            parser.error(f"{name}: no {', '.join(sorted(unknown))}; there are {', '.join(choices)}")

    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure the service, its limit and its peers.",
        epilog=f"Rows: {', '.join(ROWS)}.",
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured (default 3)")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of each run (default 2)")
    parser.add_argument("--only", type=rows, metavar="ROW,ROW", default=[*ROWS], help="only these rows")
    parser.add_argument(
        "--without", type=rows, metavar="ROW,ROW", default=[], help=f"leave these rows out, or all `{NO_PEERS}`"
    )
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md even when rows were left out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE, as JSON")
    parser.add_argument(
        "--profile",
        type=Path,
        nargs="?",
        const=PROFILES,
        metavar="FILE",
        help=f"then sample the service under these loads, and write to FILE (default {PROFILES.relative_to(ROOT)})",
    )
    parser.add_argument(
        "--quick", action="store_true", help="one round of short runs, just to see that everything works"
    )
    given = parser.parse_args()
    checked("--only", given.only, ROWS)
    checked("--without", given.without, [*ROWS, NO_PEERS])
    if given.quick and given.write:
        parser.error("the figures of --quick are not worth writing down")
    return given


def _scenarios(sizes: Sizes, rows: Sequence[str]) -> list[Scenario]:
    return [each for each in (*COMPARISONS, *sizes.growth) if each.key in rows]


def _prepare(preparation: Preparation, rows: Sequence[str], *, with_peers: bool, may_install: bool) -> Bench:
    servers = {each.server for scenario in _scenarios(preparation.sizes, rows) for each in scenario.candidates}
    peers = {each.server for each in PEERS}
    if servers & peers and not with_peers:
        preparation.left_out.append("the peers: not requested")
        servers -= peers
    preparation.add_servers(servers, may_install=may_install)
    if SILENCE.key in rows:
        preparation.add_silent_people()
    if GROWTH in rows:
        preparation.add_growth()
    if MEMORY in rows:
        preparation.add_memory()
    return preparation.finish()


def _measure(preparation: Preparation, bench: Bench, rows: Sequence[str]) -> Figures:
    starts: Sequence[float] = _starts(preparation.directory, bench.sizes) if START in rows else []
    loads: dict[str, list[Round]] = run_rounds(bench, _scenarios(bench.sizes, rows))
    memory: Sequence[Resident] = _memory(bench) if MEMORY in rows else []
    others = [row for row in ROWS if row not in rows]
    return Figures(
        machine=_machine(preparation),
        rounds=bench.sizes.rounds,
        seconds=bench.sizes.seconds,
        left_out=[*preparation.left_out, *([f"{', '.join(others)}: not requested"] if others else [])],
        loads=loads,
        memory=memory,
        starts=starts,
    )


def _profile(bench: Bench, rows: Sequence[str], directory: Path) -> str:
    """Return profiles of the service under the loads of these rows, as Markdown."""
    scenarios = [each for each in COMPARISONS if each.key in rows and OURS in each.candidates]
    progress = Progress(len(scenarios))
    parts = [INTRODUCTION.rstrip()]
    for scenario in scenarios:
        file = directory / f"{scenario.key}.stacks"
        with sampling(bench.servers[OURS.server].pid, file):
            measured = bench.measure(scenario, OURS, PROFILE_SECONDS)
        parts.append(render_profile(scenario.title, measured.server_cpu, file.read_text()))
        progress.step(f"profile of {scenario.title}")
    return "\n\n".join(parts) + "\n"


def _write(figures: Figures) -> None:
    from bench.plots import draw_plots

    plots = draw_plots(figures, DOCUMENT.with_suffix(""))
    DOCUMENT.write_text(render_document(figures, [f"{DOCUMENT.stem}/{each}" for each in plots]))
    print(f"\nWrote {DOCUMENT.relative_to(ROOT)}", file=sys.stderr)


def _memory(bench: Bench) -> Sequence[Resident]:
    progress = Progress(BLOCKS)
    residents: list[Resident] = []
    pid = bench.servers[MEMORY].pid
    for each in resident_while(pid, bench.sizes.memory_requests, partial(bench.call_all, MEMORY)):
        progress.step(f"memory: {each.mebibytes:.1f} MiB after {each.requests:,} requests")
        residents.append(each)
    return residents


def _starts(directory: Path, sizes: Sizes) -> Sequence[float]:
    place = directory / "start"
    place.mkdir()
    start_seconds(place)  # creates the database
    progress = Progress(sizes.rounds)
    seconds: list[float] = []
    for _ in range(sizes.rounds):
        seconds.append(start_seconds(place))
        progress.step(f"start: {seconds[-1]:.1f} s")
    return seconds


def _machine(preparation: Preparation) -> Machine:
    versions = dict(preparation.versions)
    return Machine(
        date=datetime.now(UTC).date().isoformat(),
        cores=os.cpu_count() or 1,
        python=platform.python_version(),
        postgres=versions.pop("PostgreSQL"),
        peers=versions,
    )


def _stop(number: int, frame: FrameType | None) -> None:
    """Exit through every `finally`, so that no program is left running; a second signal is ignored."""
    for each in STOP_SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)


if __name__ == "__main__":
    raise SystemExit(main())
