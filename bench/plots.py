# matplotlib types most of its keyword arguments as unknown.
# pyright: reportUnknownMemberType=false
"""Draw the plots of docs/benchmarks.md, as SVG that is readable on light and dark pages."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.figures import Figures, Round
from bench.plan import ADD_SHARED
from bench.targets import MOST_GROWTH, MOST_MEMORY, RATES, relative

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

GREY: Final = "#808080"
BARS: Final = "#3b82c4"
TARGET: Final = "#c2410c"
LINES: Final = ("#3b82c4", "#d97706", "#2a9d6f", "#b4559b")
DASHED: Final[dict[str, Any]] = {"color": TARGET, "linestyle": "--", "linewidth": 1}
# No time and no random identifiers, so that the same figures give the same file.
STYLE: Final[dict["RcKeyType", Any]] = {
    "svg.hashsalt": "shopping-list-mcp",
    "svg.fonttype": "none",
    "text.color": GREY,
    "axes.labelcolor": GREY,
    "axes.edgecolor": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
}
METADATA: Final = {"Date": None}


def draw_plots(figures: Figures, directory: Path) -> Sequence[str]:
    """Draw the figures into `directory` and return the names of the files. Plots of earlier runs are deleted."""
    directory.mkdir(exist_ok=True)
    for old in directory.glob("*.svg"):
        old.unlink()
    with mpl.rc_context(STYLE):
        plots = {
            "rates.svg": _rates(figures),
            "growth.svg": _growth(figures),
            "memory.svg": _memory(figures),
        }
        drawn = {name: plot for name, plot in plots.items() if plot is not None}
        for name, plot in drawn.items():
            plot.savefig(directory / name, format="svg", transparent=True, metadata=METADATA)
            _trim(directory / name)
    return list(drawn)


def _rates(figures: Figures) -> Figure | None:
    """Draw bars: each candidate's rate relative to the limit, with the range over the rounds."""
    targets = {each.title: least for each, least in RATES} | {ADD_SHARED.title: None}
    titles = [each for each in targets if each in figures.loads]
    if not titles:
        return None
    columns, rows = 2, (len(titles) + 1) // 2
    plot = Figure(figsize=(9, 1.9 * rows), layout="constrained")
    grid = plot.subplots(rows, columns, squeeze=False)
    for axes, title in zip(grid.flat, titles, strict=False):
        _bars(axes, title, figures.loads[title], targets[title])
    for axes in grid.flat[len(titles) :]:
        axes.set_visible(False)
    plot.suptitle("Rate relative to the limit (median, range over the rounds; dashed: target)", color=GREY)
    return plot


def _bars(axes: Axes, title: str, rounds: Sequence[Round], target: float | None) -> None:
    first, *names = rounds[0]
    ratios = [relative(rounds, name, [first]) for name in names]
    middles = [median(each) for each in ratios]
    below = [middle - min(each) for middle, each in zip(middles, ratios, strict=True)]
    above = [max(each) - middle for middle, each in zip(middles, ratios, strict=True)]
    axes.barh(names, middles, xerr=[below, above], color=BARS, ecolor=GREY, capsize=3)
    axes.invert_yaxis()
    if target is not None:
        axes.axvline(target, **DASHED)
    axes.set_xlim(left=0)
    axes.set_title(title, fontsize="medium", color=GREY)
    _plain(axes)


def _growth(figures: Figures) -> Figure | None:
    """Draw lines: the time of a call relative to the first size."""
    grown = {title: rounds for title, rounds in figures.loads.items() if title.endswith(" grow")}
    if not grown:
        return None
    plot = Figure(figsize=(9, 3.2), layout="constrained")
    axes = plot.subplots()
    for (title, rounds), colour in zip(grown.items(), LINES, strict=False):
        first = next(iter(rounds[0]))
        times = [median(relative(rounds, first, [name])) for name in rounds[0]]
        sizes = [int(name.split()[0].replace(",", "")) for name in rounds[0]]
        axes.plot(sizes, times, marker="o", label=title, color=colour)
    axes.axhline(MOST_GROWTH, label="target: at most", **DASHED)
    axes.set_xscale("log")
    axes.set_ylim(0, 1.1 * axes.get_ylim()[1])
    axes.set_xlabel("households, or items on a list")
    axes.set_ylabel("time of a call, relative to the first size")
    axes.legend(frameon=False, labelcolor=GREY)
    _plain(axes)
    return plot


def _memory(figures: Figures) -> Figure | None:
    """Draw a line: resident memory over requests."""
    if not figures.memory:
        return None
    plot = Figure(figsize=(9, 2.8), layout="constrained")
    axes = plot.subplots()
    axes.plot(
        [each.requests for each in figures.memory],
        [each.mebibytes for each in figures.memory],
        marker="o",
        color=BARS,
    )
    axes.axhline(MOST_MEMORY, label="target: at most", **DASHED)
    axes.legend(frameon=False, labelcolor=GREY)
    axes.set_ylim(0, 1.1 * axes.get_ylim()[1])
    axes.set_xlabel("requests so far")
    axes.set_ylabel("MiB of a worker")
    _plain(axes)
    return plot


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)


def _trim(path: Path) -> None:
    """Strip trailing blanks, which version control complains about."""
    path.write_text("\n".join(line.rstrip() for line in path.read_text().splitlines()) + "\n")
