"""What docs/quantities.md says of lines is what the parser makes of them."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest

from app.quantities import parse_phrase

DOCUMENT: Final = (Path(__file__).parents[2] / "docs/quantities.md").read_text("utf-8")
HEADER: Final = "| written | name | quantity | note |"
LINE: Final = re.compile("`([^`]+)`")


def rows_of_tables() -> Iterator[Sequence[str]]:
    """The cells of each row in a table of names, quantities and notes."""
    for table in DOCUMENT.split(HEADER)[1:]:
        rows = table.partition("\n\n")[0].strip().splitlines()
        yield from ([cell.strip() for cell in row.strip("|").split("|")] for row in rows[1:])


def said_of(cell: str, number: int, lines: int) -> set[str]:
    """What a cell says of one of the lines of its row: a value for each, or those that all of them have."""
    values = cell.split(", ")
    return {values[number]} if len(values) == lines else set(values)


def said() -> Iterator[tuple[str, set[str], set[str], set[str]]]:
    """Each line with the names, quantities and notes that it may have."""
    for written, name, quantity, note in rows_of_tables():
        lines = LINE.findall(written)
        for number, line in enumerate(lines):
            if name.startswith("as written"):
                names = {line if name == "as written" else line.lstrip("0123456789 ")}
            else:
                names = said_of(name, number, len(lines))
            yield line, names, said_of(quantity, number, len(lines)), said_of(note, number, len(lines))


SAID: Final = list(said())


@pytest.mark.parametrize(("line", "names", "quantities", "notes"), SAID, ids=[line for line, *_ in SAID])
def test_a_line_of_the_tables_is_read_as_they_say(
    line: str, names: set[str], quantities: set[str], notes: set[str]
) -> None:
    read = parse_phrase(line)
    assert read.name in names
    assert str(read.quantity or "") in quantities
    assert (read.note or "") in notes


NAMES: Final = [line for row in DOCUMENT.splitlines() if row.endswith("| names |") for line in LINE.findall(row)]


@pytest.mark.parametrize("line", NAMES)
def test_what_the_tables_call_a_name_is_one(line: str) -> None:
    assert parse_phrase(line).name == line


def test_the_tables_are_found() -> None:
    assert len(SAID) >= 35
    assert len(NAMES) >= 10
