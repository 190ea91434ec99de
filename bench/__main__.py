"""`python -m bench`: measure ours, the limit and the peers in turn, and print how they compare.

Progress goes to stderr. A whole run writes docs/benchmarks.md.
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
from bench.memory import BLOCKS, resident_while
from bench.plan import COMPARISONS, Scenario
from bench.plots import draw_plots
from bench.preparing import Preparation
from bench.progress import Progress
from bench.report import report
from bench.runs import Bench, RunFailed, run_rounds
from bench.servers import ROOT, StartFailed
from bench.sizes import QUICK, Sizes, whole
from bench.start import start_seconds

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
PARTS: Final = ("comparisons", "growth", "memory", "start")
DOCUMENT: Final = ROOT / "docs/benchmarks.md"


def main() -> int:
    """The program: 0 when every call of every run succeeded."""
    given = _arguments()
    sizes = QUICK if given.quick else whole(max(given.rounds, 1), given.seconds)
    parts = [part for part in PARTS if part in given.only and part not in given.without]
    for each in STOP_SIGNALS:
        signal.signal(each, _stop)
    try:
        with ExitStack() as stack:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shopping-bench-")))
            figures = _measure(Preparation(stack, directory, sizes), parts, may_install=not given.quick)
    except (RunFailed, StartFailed, StartupError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(report(figures))
    if given.json is not None:
        given.json.write_text(figures.model_dump_json(indent=1))
    if given.write or (not given.quick and parts == [*PARTS]):
        plots = draw_plots(figures, DOCUMENT.with_suffix(""))
        DOCUMENT.write_text(render_document(figures, [f"{DOCUMENT.stem}/{each}" for each in plots]))
        print(f"\nWrote {DOCUMENT.relative_to(ROOT)}", file=sys.stderr)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure the service, its limit and its peers."
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured (default 3)")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a run (default 2)")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="nothing but these parts")
    parser.add_argument("--without", nargs="+", choices=PARTS, default=[], help="leave these parts out")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md even when parts were left out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument("--quick", action="store_true", help="one round of short runs: only shows that it works")
    given = parser.parse_args()
    if given.quick and given.write:
        parser.error("--quick shows nothing worth writing down")
    return given


def _measure(preparation: Preparation, parts: Sequence[str], *, may_install: bool) -> Figures:
    scenarios: list[Scenario] = []
    if "comparisons" in parts:
        preparation.comparisons(may_install=may_install)
        scenarios += COMPARISONS
    if "growth" in parts:
        preparation.growth()
        scenarios += preparation.sizes.growth
    if "memory" in parts:
        preparation.memory()
    bench = preparation.bench()
    loads: dict[str, list[Round]] = run_rounds(bench, scenarios)
    memory: Sequence[Resident] = _memory(bench) if "memory" in parts else []
    starts: Sequence[float] = _starts(preparation.directory, preparation.sizes) if "start" in parts else []
    return Figures(
        machine=_machine(preparation),
        rounds=bench.sizes.rounds,
        seconds=bench.sizes.seconds,
        left_out=preparation.left_out + [f"{part}: not asked for" for part in PARTS if part not in parts],
        loads=loads,
        memory=memory,
        starts=starts,
    )


def _memory(bench: Bench) -> Sequence[Resident]:
    progress = Progress(BLOCKS)
    residents: list[Resident] = []
    pid = bench.servers["memory"].pid
    for each in resident_while(pid, bench.sizes.memory_requests, partial(bench.call_all, "memory")):
        progress.step(f"memory: {each.mebibytes:.1f} MiB after {each.requests:,} requests")
        residents.append(each)
    return residents


def _starts(directory: Path, sizes: Sizes) -> Sequence[float]:
    place = directory / "start"
    place.mkdir()
    start_seconds(place)  # makes the database
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
    """End through every `finally`, so that no program stays behind; a second signal changes nothing."""
    for each in STOP_SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)


if __name__ == "__main__":
    raise SystemExit(main())
