"""Write the figures as Markdown: docs/benchmarks.md. What people have to say about them is in benchmarks-notes.md."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.figures import Figures
from bench.report import HEADINGS, describe_machine, format_row
from bench.targets import judge

HOW: Final = """\
Load comes from the same machine, over loopback; in each round every candidate runs in turn, in every second round
backwards. Only successful answers count. Figures from one machine say little about another, and less if others use it
at the same time; ratios within a round say more.

- **limit**: a plain Starlette application over asyncpg with the same tokens and tables; no protocol, no
  validation, no revocation, no events.
- **ours**: the service with everything on except rate limits, one worker.
- **FastMCP** and **TypeScript SDK**: servers built as each documents it, doing what the limit does, in one
  statement and with a pool and prepared statements; each verifies the token's signature in every request, as these
  libraries do. FastMCP runs in its faster mode, stateless HTTP with JSON answers; the TypeScript SDK answers in JSON.

Each of the 16 connections belongs to a person with a household of their own, unless a title says otherwise. All
connections add items of the same names, so that the service has parsed nearly all phrases before; with "new phrases"
it has seen none. A merge adds to the amount of an item on the list, and so does the limit, in one `UPDATE`. Memory is
that of a service without the development tools, as in production.
"""
NOTES: Final = "[benchmarks-notes.md](benchmarks-notes.md) says what stands in the way of the targets that are missed."
COLUMNS: Final = """\
req/s: successful requests a second. CPU µs: of the server, per request; Postgres µs: of PostgreSQL. Medians of the
rounds. ratio: the column before it, divided by that of the first row in the same round. worst: the longest call of a
run.
"""


def render_document(figures: Figures, plots: Sequence[str]) -> str:
    """Return the page as Markdown; `plots` are the addresses of its images."""
    measured = f"{describe_machine(figures.machine)}; {figures.rounds} rounds of runs of {figures.seconds:g} s"
    parts = [
        "# Benchmarks",
        f"`make bench` writes this page. Measured on {figures.machine.date}: {measured}.",
        *_left_out(figures),
        "## Targets",
        "With 16 connections, one worker and the 2026-07-28 protocol, unless the target says otherwise.",
        _table(
            ("target", "wanted", "measured", "met?"),
            [(each.target.what, each.target.wanted, each.measured, each.answer) for each in judge(figures)],
        ),
        NOTES,
        *(f"![{Path(plot).stem.replace('-', ' ')}]({plot})" for plot in plots),
        "## How it is measured",
        HOW,
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
        rows = [(name, *format_row(name, first, rounds)) for name in rounds[0]]
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
