"""Plain lines and markdown checklists to import: a row each, as people type them for add_items."""

import io
import re
from typing import Final

from app.lists.importing.models import MOST_ROWS, Document, Location, Row, Unreadable

_HEADING: Final = re.compile(r"\s{0,3}#{1,6}(?:\s|$)")
_RULE: Final = re.compile(r"\s{0,3}([-*_])(?:[ \t]*\1){2,}\s*")
_MARKER: Final = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])(?:[ \t]+|$)")
_BOX: Final = re.compile(r"[ \t]*\[([^\]\s]?|[ \t])\](?:[ \t]+|\s*$)")
_ESCAPE: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
"""A punctuation mark that CommonMark (2.4) takes for itself, as export_list writes it."""


class TextDocument(Document):
    """Lines; blank ones, headings and rules are none."""

    format = "text"

    def __init__(self, text: str) -> None:
        super().__init__()
        self._locations: list[Location] = []
        for number, line in enumerate(io.StringIO(text, newline=""), start=1):
            if not line.strip():
                continue
            if _HEADING.match(line) or _RULE.fullmatch(line):
                self.left_out["headings"] += 1
                continue
            if len(self.rows) == MOST_ROWS:
                reason = f"more than {MOST_ROWS:,} rows: import the rest by another call"
                raise Unreadable(Location(number, 1), reason)
            self._read(number, line)

    def location(self, row: int, column: str | None = None) -> Location:
        """Return where a row begins, behind its marker and box."""
        return self._locations[row]

    def _read(self, number: int, line: str) -> None:
        marker = _MARKER.match(line)
        begin = marker.end() if marker is not None else 0
        box = _BOX.match(line, begin)
        begin = box.end() if box is not None else begin
        text = line[begin:].strip()
        if marker is not None or box is not None:
            text = _ESCAPE.sub(r"\1", text)
        if box is not None and box[1] not in ("", " ", "\t", "x", "X"):
            self._add(Location(number, box.start(1)), Row(fault=f"unknown checkbox [{box[1]}]; use [ ] or [x]"))
        elif not text:
            self.left_out["empty_rows"] += 1
        else:
            indent = len(line[begin:]) - len(line[begin:].lstrip())
            row = Row(phrase=text, is_checked=box is not None and box[1] in ("x", "X"))
            self._add(Location(number, begin + indent + 1), row)

    def _add(self, location: Location, row: Row) -> None:
        self._locations.append(location)
        self.rows.append(row)
