"""Write the figures as Markdown: docs/benchmarks.md. What people have to say about them is in benchmarks-notes.md."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.figures import Figures
from bench.report import HEADINGS, in_words, row
from bench.targets import judge

INTRODUCTION: Final = """\
`make bench` measures the service and writes this page. Load comes from the same machine, over loopback; in each round
every candidate runs in turn, every second round backwards. What counts is successful answers only. Figures of one
machine say little about another, and less when others use it at the same time; ratios within a round say more.

- **limit**: a plain Starlette application over asyncpg with the same tokens and tables; no protocol, no checks of
  arguments, no revocation, no events.
- **ours**: the service with everything on except rate limits, one worker.
- **FastMCP** and **TypeScript SDK**: servers by the documented practice of each, doing what the limit does, in one
  statement and with a pool and prepared statements; each checks the token's signature in every request, as these
  libraries do. FastMCP is in its better mode, stateless HTTP with JSON answers; the TypeScript SDK answers in JSON.
"""
NOTES: Final = "[benchmarks-notes.md](benchmarks-notes.md) says what stands in the way of the targets that are missed."
COLUMNS: Final = """\
req/s: successful requests a second. CPU µs: of the server, per request; Postgres µs: of PostgreSQL. Medians of the
rounds. ratio: the column before it divided by that of the first row, in the same round.
"""


def render_document(figures: Figures, plots: Sequence[str]) -> str:
    """Return the page as Markdown; `plots` are the addresses of its images."""
    measured = f"Measured on {figures.machine.date}: {in_words(figures.machine)}; {figures.rounds} rounds of runs of "
    parts = [
        "# Benchmarks",
        INTRODUCTION,
        f"{measured}{figures.seconds:g} s.",
        *_left_out(figures),
        "## Targets",
        "At 16 connections and one worker, with the 2026-07-28 protocol, where nothing else is said.",
        _table(
            ("target", "wanted", "measured", "met?"),
            [(each.target.what, each.target.wanted, each.measured, each.answer) for each in judge(figures)],
        ),
        NOTES,
        *(f"![{Path(plot).stem.replace('-', ' ')}]({plot})" for plot in plots),
        *_loads(figures),
        *_memory(figures),
        *_starts(figures),
    ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _left_out(figures: Figures) -> list[str]:
    if not figures.left_out:
        return []
    return ["Left out:\n\n" + "\n".join(f"- {each}" for each in figures.left_out)]


def _loads(figures: Figures) -> list[str]:
    if not figures.loads:
        return []
    parts = ["## Under load", COLUMNS]
    for title, rounds in figures.loads.items():
        first = next(iter(rounds[0]))
        rows = [(name, *row(name, first, rounds)) for name in rounds[0]]
        parts += [f"### {title}", _table(("who", *(each.replace("us", "µs") for each in HEADINGS)), rows, numbers=True)]
    return parts


def _memory(figures: Figures) -> list[str]:
    if not figures.memory:
        return []
    rows = [(f"{each.requests:,}", f"{each.mebibytes:.1f}") for each in figures.memory]
    return ["## Memory of a worker", _table(("requests so far", "MiB resident"), rows, numbers=True)]


def _starts(figures: Figures) -> list[str]:
    if not figures.starts:
        return []
    times = ", ".join(f"{each:.1f} s" for each in figures.starts)
    return ["## Start", f"`make run` to the first answer, with the embedded database of an earlier start: {times}."]


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: bool = False) -> str:
    dashes = ["---"] + ["---:" if numbers else "---"] * (len(headings) - 1)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (headings, dashes, *rows))
