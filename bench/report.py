"""The figures as tables: medians over the rounds, and how each candidate compares with the first."""

from collections.abc import Sequence
from statistics import median
from typing import Final

from bench.figures import Figures, Machine, Round
from bench.targets import judge, relative

HEADINGS: Final = ("req/s", "ratio", "CPU us", "ratio", "Postgres us", "p50 ms", "p99 ms", "ratio", "worst ms")
EXPLANATION: Final = (
    "req/s: successful requests a second. CPU us: of the server, per request; Postgres us: of PostgreSQL.\n"
    "Medians of the rounds. ratio: the column before it divided by that of the first row, in the same round."
)
TITLE_WIDTH: Final = 36
WIDTH: Final = 12


def format_report(figures: Figures) -> str:
    """Return all figures as text for a terminal."""
    head = f"{figures.rounds} x {figures.seconds:g} s, {describe_machine(figures.machine)}, load from the same machine"
    blocks = [f"{head}\n{EXPLANATION}"]
    blocks += [format_table(title, rounds) for title, rounds in figures.loads.items()]
    if figures.memory:
        lines = [f"  {each.requests:>9,} requests {each.mebibytes:>8.1f} MiB" for each in figures.memory]
        blocks.append("\n".join(["memory of a worker", *lines]))
    if figures.starts:
        blocks.append("`make run` to the first answer: " + ", ".join(f"{each:.1f} s" for each in figures.starts))
    verdicts = [
        f"  {each.target.what:<75}{each.target.wanted:>18}{each.measured:>14}  {each.answer.strip('*')}"
        for each in judge(figures)
        if each.met is not None or not figures.left_out
    ]
    blocks.append("\n".join(["targets", *verdicts]))
    if figures.left_out:
        blocks.append("\n".join(["left out", *(f"  {each}" for each in figures.left_out)]))
    return "\n\n".join(blocks)


def describe_machine(machine: Machine) -> str:
    """Return the machine in one line."""
    peers = "".join(f", {name} {version}" for name, version in machine.peers.items())
    return f"{machine.cores} cores, Python {machine.python}, PostgreSQL {machine.postgres}{peers}"


def format_table(title: str, rounds: Sequence[Round]) -> str:
    """Return the lines of one scenario: a heading, then a row for each candidate."""
    first = next(iter(rounds[0]))
    lines = [_line(title, HEADINGS)]
    lines += [_line(f"  {name}", format_row(name, first, rounds)) for name in rounds[0]]
    return "\n".join(lines)


def format_row(name: str, first: str, rounds: Sequence[Round]) -> Sequence[str]:
    """Return the cells of a candidate, under HEADINGS."""

    def middle(field: str) -> float:
        return median(getattr(each[name], field) for each in rounds)

    def ratio(field: str) -> str:
        return f"{median(relative(rounds, name, [first], field)):.2f}"

    return (
        f"{middle('rate'):,.0f}",
        ratio("rate"),
        f"{middle('server_cpu'):,.0f}",
        ratio("server_cpu"),
        f"{middle('postgres_cpu'):,.0f}",
        f"{middle('p50'):.2f}",
        f"{middle('p99'):.2f}",
        ratio("p99"),
        f"{middle('worst'):.1f}",
    )


def _line(title: str, cells: Sequence[str]) -> str:
    return f"{title:<{TITLE_WIDTH}}" + "".join(f"{cell:>{WIDTH}}" for cell in cells)
