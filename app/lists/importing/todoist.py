"""The CSV template of Todoist: tasks are items, a section is the category of those behind it, a comment is a note."""

import re
from collections.abc import Sequence
from typing import Final

from app.lists.importing.csv_document import CsvDocument, find_cells, header_of
from app.lists.importing.models import Row
from app.text import fold

_COLUMNS: Final = {"content": "name", "description": "note", "priority": "priority"}
_FIRST: Final = ("type", "content")
_LABEL: Final = re.compile(r"\s+@[^\s@]+")
_PRIORITIES: Final = {"1": "high"}
"""The highest of four; the others are as good as none, because Todoist gives each task one."""


def looks_like_todoist(text: str) -> bool:
    """Whether the first line is the header of the template."""
    _, header, _ = header_of(text.lstrip(" \r\n"))
    return tuple(fold(cell) for cell in find_cells(header)[:2]) == _FIRST


class TodoistDocument(CsvDocument):
    """The template, read by its own columns."""

    format = "todoist"

    def __init__(self, text: str) -> None:
        self._section: str | None = None
        self._type_at = 0
        super().__init__(text)

    def _read_header(self, header: str, begin: int) -> Sequence[str | None]:
        return [_COLUMNS.get(fold(cell), "") for cell in find_cells(header)]

    def _row_of(self, cells: Sequence[str]) -> Row | None:
        kind = fold(cells[self._type_at]) if cells else ""
        row = super()._row_of([*cells])
        assert row is not None  # noqa: S101  # only a template has rows that are none
        text = row.cells.get("name", "")
        if kind == "section":
            self._section = text.strip() or None
            self.left_out["headings"] += 1
            return None
        if kind == "note" and self.rows:
            above = dict(self.rows[-1].cells)
            above["note"] = "\n".join(part for part in (above.get("note"), text) if part)
            self.rows[-1] = Row(above)
            return None
        if kind != "task":
            self.left_out["headings"] += 1  # how the project is shown
            return None
        found = {column: value for column, value in row.cells.items() if column != "priority"}
        found["name"] = _LABEL.sub("", text)
        if (priority := _PRIORITIES.get(row.cells.get("priority", "").strip())) is not None:
            found["priority"] = priority
        if self._section is not None:
            found["category"] = self._section
        return Row(found)
