"""Small charts as SVG, drawn by leather. The library is loaded by the first chart that somebody asks for.

Texts become text nodes of an XML tree, which escapes them; there are no scripts, styles or references to anything.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import Any, Final
from xml.etree import ElementTree

import anyio.to_thread

MOST_BARS: Final = 20
MOST_POINTS: Final = 100
LONGEST_LABEL: Final = 24
LONGEST_TITLE: Final = 60

_WIDTH: Final = 640
_LINE_HEIGHT: Final = 320
_FRAME_HEIGHT: Final = 120
_BAR_HEIGHT: Final = 26
_COLOR: Final = "#1f7a4d"
_MARGIN: Final = timedelta(hours=12)
_NOT_IN_XML: Final[dict[int, None]] = dict.fromkeys((0xFFFE, 0xFFFF))
"""The characters that names may hold and XML 1.0 may not (section 2.2); control characters are in no name."""


@dataclass(frozen=True, slots=True)
class BarChart:
    """Bars from top to bottom, each with its label: the first `MOST_BARS` are drawn."""

    title: str
    bars: Sequence[tuple[str, Decimal]]

    def svg(self, description: str | None = None) -> str:
        """Draw it; with a description, as a part of a page."""
        bars = [(label, float(value)) for label, value in self.bars[:MOST_BARS]]
        chart = _leather().Chart(_shortened(self.title, LONGEST_TITLE))
        chart.add_x_scale(0, _above(value for _, value in bars))
        labels = _distinct(label for label, _ in bars)
        chart.add_bars([(value, label) for (_, value), label in zip(bars, labels, strict=True)], fill_color=_COLOR)
        height = _FRAME_HEIGHT + _BAR_HEIGHT * len(bars)
        if description is not None:
            return _for_page(chart, _shortened(self.title, LONGEST_TITLE), description, height)
        return str(chart.to_svg(width=_WIDTH, height=height))


@dataclass(frozen=True, slots=True)
class LineChart:
    """Values over time: the first `MOST_POINTS` are drawn."""

    title: str
    points: Sequence[tuple[datetime, Decimal]]

    def svg(self) -> str:
        """Draw it; values of one moment are dots, since a line would show nothing."""
        # The library compares times with ones of its own, which have no time zone.
        points = [(at.astimezone(UTC).replace(tzinfo=None), float(value)) for at, value in self.points[:MOST_POINTS]]
        times = [at for at, _ in points]
        chart = _leather().Chart(_shortened(self.title, LONGEST_TITLE))
        chart.add_x_scale(min(times) - _MARGIN, max(times) + _MARGIN)
        chart.add_y_scale(0, _above(value for _, value in points))
        if min(times) == max(times):
            chart.add_dots(points, fill_color=_COLOR)
        else:
            chart.add_line(points, stroke_color=_COLOR)
        return str(chart.to_svg(width=_WIDTH, height=_LINE_HEIGHT))


def _for_page(chart: Any, title: str, description: str, height: int) -> str:
    """Return a chart as an element of a page, as wide as there is room, and with a text for those who don't see it.

    Pages have their own colours, by the classes of the library.
    """
    root = ElementTree.Element(
        "svg",
        {"class": "chart", "viewBox": f"0 0 {_WIDTH} {height}", "role": "img", "aria-label": f"{title}. {description}"},
    )
    ElementTree.SubElement(root, "title").text = title
    ElementTree.SubElement(root, "desc").text = description
    root.append(chart.to_svg_group(_WIDTH, height))
    return ElementTree.tostring(root, encoding="unicode")


async def draw(charts: Sequence[BarChart | LineChart]) -> list[str]:
    """Return the charts as SVG. They are drawn in a thread: loading the library takes some 40 ms, a chart up to 3."""
    return await anyio.to_thread.run_sync(lambda: [each.svg() for each in charts])


@cache
def _leather() -> Any:
    leather = import_module("leather")
    for text in ("title", "legend", "axis_title", "tick"):
        # It reckons with letters of one width, and its own font is on few machines.
        setattr(leather.theme, f"{text}_font_family", "monospace")
    return leather


def _above(values: Iterable[float]) -> float:
    """Return the end of an axis from zero; an axis without length can't be drawn."""
    return max(values) * 1.05 or 1


def _shortened(text: str, longest: int) -> str:
    text = text.translate(_NOT_IN_XML)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _distinct(labels: Iterable[str]) -> list[str]:
    """Return labels that differ: bars of one label would be drawn on top of each other."""
    seen: Counter[str] = Counter()
    distinct: list[str] = []
    for label in labels:
        short = _shortened(label, LONGEST_LABEL)
        seen[short] += 1
        distinct.append(short if seen[short] == 1 else f"{short} ({seen[short]})")
    return distinct
