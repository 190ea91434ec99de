"""CSV to import: a header, and a row for each item. The header tells the delimiter and the quotes."""

import csv
import io
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from app.lists.export_forms import unguard
from app.lists.importing.columns import COLUMNS, column_of
from app.lists.importing.models import (
    LONGEST_ROW,
    MOST_COLUMNS,
    MOST_ROWS,
    Document,
    Location,
    Remark,
    Row,
    Unreadable,
    names_of,
)
from app.text import printable

DELIMITERS: Final = (",", ";", "\t", "|")
_VISIBLE: Final = re.compile(r"\S")
_SEPARATOR_LINE: Final = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)
"""What spreadsheets write and read in front of the header."""

_NEWLINE: Final = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells are told apart."""

    delimiter: str
    quote: str

    def cells(self, text: str) -> list[str]:
        """Return the cells of the beginning of a record, which need not be complete."""
        return next(self.reader(io.StringIO(text, newline=""), strict=False), list[str]())

    def reader(self, lines: Iterator[str], *, strict: bool = True) -> Iterator[list[str]]:
        """Return the records of some lines."""
        return csv.reader(lines, delimiter=self.delimiter, quotechar=self.quote, skipinitialspace=True, strict=strict)


def find_dialect(line: str) -> tuple[Dialect, int]:
    """Return the dialect in which a header names most columns, and how many."""
    dialects = [Dialect(delimiter, quote) for quote in ('"', "'") for delimiter in DELIMITERS]
    counts = [sum(column_of(cell) is not None for cell in each.cells(line[:LONGEST_ROW])) for each in dialects]
    most = max(counts)
    return dialects[counts.index(most)], most


def find_cells(header: str) -> list[str]:
    """Return the cells of the first line of a table whose columns may be unknown: those between most delimiters."""
    dialects = [Dialect(delimiter, '"') for delimiter in DELIMITERS]
    return max((each.cells(header[:LONGEST_ROW]) for each in dialects), key=len)


def header_of(text: str) -> tuple[str | None, str, int]:
    """Return the delimiter that a line in front of the header names, the header's line, and where it begins."""
    lines = io.StringIO(text, newline="")
    first = next(lines, "")
    named = _SEPARATOR_LINE.fullmatch(first)
    if named is None:
        return None, first, 0
    return named[1], next(lines, ""), len(first)


def looks_like_csv(text: str) -> bool:
    """Whether the first line is the header of a table: it names columns of an import, and has several."""
    delimiter, header, _ = header_of(text.lstrip(" \r\n"))
    dialect, known = find_dialect(header)
    cells = dialect.cells(header[:LONGEST_ROW])
    has_name = any(column_of(cell) == "name" for cell in cells)
    return delimiter is not None or (len(cells) > 1 and (known > 1 or (known == 1 and has_name)))


class _Lines:
    """The lines of a text, counted."""

    def __init__(self, text: str, begin: int) -> None:
        self._lines = io.StringIO(text[begin:], newline="")
        self.offset = begin
        self.record = begin
        """Where the record that is being read begins."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.offset += len(line)
        if self.offset - self.record > LONGEST_ROW:
            raise _TooLong
        return line


class _TooLong(Exception):
    """A record has more than LONGEST_ROW characters."""


class CsvDocument(Document):
    """CSV, with the offsets at which its records begin."""

    format = "csv"

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self._lines = [0, *(found.end() for found in _NEWLINE.finditer(text))]
        self._starts: list[int] = []
        delimiter, header, begin = header_of(text)
        if not header.strip() and (first := _VISIBLE.search(text, begin)) is not None:
            begin = max(text.rfind("\n", begin, first.start()), text.rfind("\r", begin, first.start())) + 1
            header = next(io.StringIO(text[begin:], newline=""), "")
        self._dialect, known = find_dialect(header)
        if delimiter is not None:
            self._dialect = Dialect(delimiter, self._dialect.quote)
        if not known and self.format == "csv":
            reason = f"the first line must name the columns, one of them name; known: {names_of(COLUMNS)}"
            raise Unreadable(self._location_at(begin), reason)
        self._columns = self._read_header(header, begin)
        self._read_rows(begin + len(header))

    def location(self, row: int, column: str | None = None) -> Location:
        """Return where a row, or one column of it, begins."""
        start = self._starts[row]
        named = column in self._columns
        number = self._columns.index(column) if named else self.rows[row].fault_at
        return self._cell_location(start, number)

    def _read_header(self, header: str, begin: int) -> Sequence[str | None]:
        cells = self._dialect.cells(header[:LONGEST_ROW])
        if len(cells) > MOST_COLUMNS:
            raise Unreadable(self._cell_location(begin, MOST_COLUMNS), f"there are more than {MOST_COLUMNS} columns")
        columns: list[str | None] = []
        for number, cell in enumerate(cells):
            column = column_of(cell)
            if column is not None and column in columns:
                reason = f"duplicate column: {printable(cell)} means {column}"
                raise Unreadable(self._cell_location(begin, number), reason)
            if column is None and cell.strip():
                reason = f"unknown column {printable(cell)}; known: {names_of(COLUMNS)}"
                self.faults.add(Remark(self._cell_location(begin, number), reason))
            columns.append(column if column is not None or not cell.strip() else "")
        if "name" not in columns:
            raise Unreadable(self._location_at(begin), "there is no name column")
        if "amount" in columns and "measure" not in columns and "quantity" not in columns:
            columns[columns.index("amount")] = "quantity"
        self.has_quantities = not {"quantity", "unit", "amount"}.isdisjoint(columns)
        return columns

    def _read_rows(self, begin: int) -> None:
        lines = _Lines(self._text, begin)
        records = self._dialect.reader(lines)
        while True:
            lines.record = start = lines.offset
            try:
                cells = next(records)
            except StopIteration:
                return
            except _TooLong:
                reason = f"a row of more than {LONGEST_ROW:,} characters; is a quote not closed?"
                raise Unreadable(self._last_cell_location(start), reason) from None
            except csv.Error as error:
                raise self._broken(start, str(error)) from None
            if not any(cell.strip() for cell in cells):
                self.left_out["empty_rows"] += bool(cells)  # a blank line is no row
                continue
            row = self._row_of(cells)
            if row is None:
                continue
            if len(self.rows) == MOST_ROWS:
                reason = f"more than {MOST_ROWS:,} rows: import the rest by another call"
                raise Unreadable(self._location_at(start), reason)
            self._starts.append(start)
            self.rows.append(row)

    def _row_of(self, cells: Sequence[str]) -> Row | None:
        """Return a row; None for a record that is none."""
        values: dict[str, str] = {}
        for number, cell in enumerate(cells):
            column = self._columns[number] if number < len(self._columns) else None
            if column:
                values[column] = unguard(cell)
            elif column is None and cell.strip():
                reason = f"cell {number + 1} has no column; is there an unquoted delimiter?"
                return Row(fault=reason, fault_at=number)
        return Row(values)

    def _broken(self, start: int, error: str) -> Unreadable:
        if error == "unexpected end of data":
            return Unreadable(self._last_cell_location(start), "a quote begins here that is never closed")
        record = self._text[start : start + LONGEST_ROW]
        size = bisect_left(range(len(record)), True, key=lambda size: self._breaks(record[:size]))
        return Unreadable(self._location_at(start + size - 1), "missing delimiter after a closing quote")

    def _breaks(self, beginning: str) -> bool:
        try:
            next(self._dialect.reader(io.StringIO(beginning, newline="")), None)
        except csv.Error as error:
            return str(error) != "unexpected end of data"
        return False

    def _cell_location(self, start: int, number: int) -> Location:
        """Return where a cell begins: the library doesn't tell, so it reads ever shorter beginnings of the record."""
        record = self._text[start : start + LONGEST_ROW]
        size = bisect_left(
            range(len(record)), number + 1, key=lambda size: max(len(self._dialect.cells(record[:size])), 1)
        )
        return self._location_at(start + size)

    def _last_cell_location(self, start: int) -> Location:
        cells = self._dialect.cells(self._text[start : start + LONGEST_ROW])
        return self._cell_location(start, max(len(cells) - 1, 0))

    def _location_at(self, offset: int) -> Location:
        line = bisect_right(self._lines, offset)
        return Location(line, offset - self._lines[line - 1] + 1)
