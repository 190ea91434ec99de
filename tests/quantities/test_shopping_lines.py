"""Lines as they stand in recipes and on lists, with what a shopper expects.

A `~` in the table marks a judgement. Another reading of such a line is no miss only if it stands in judgements.csv,
with its reason; so a reading that changes there is seen as well. `python -m tests.quantities.test_shopping_lines`
prints the score and the misses of the table, or of another one of this form that is named behind it.
"""

import csv
import re
import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from app.quantities import Quantity, make_quantity, parse_phrase

HERE: Final = Path(__file__).parent

MISSES: Final = {
    # As in `pâtes 500g x2`, a size before a count is that of each. That a bag holds these litres is not written.
    "bin bags 30L x 20",
}

Row = dict[str, str]


class Reading(NamedTuple):
    """The name, the amount in its base unit, and the note."""

    name: str
    amount: tuple[str, Decimal] | None
    note: str


def rows(path: Path) -> Sequence[Row]:
    """The lines of a table."""
    with path.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def reading_of(line: str) -> Reading:
    """What the parser makes of a line."""
    phrase = parse_phrase(line)
    return Reading(phrase.name, _in_base_unit(phrase.quantity), phrase.note or "")


def expected(row: Row) -> Reading:
    """What a row says, without its marks of judgement."""
    name, quantity, note = (row[field].removesuffix("~") for field in ("name", "quantity", "note"))
    written = re.fullmatch(r"(\d+ \d+/\d+|\d+/\d+|[\d.]+)[ -]?(.*)", quantity)
    if written is None:
        return Reading(name, None, note)
    number = sum(map(Fraction, written[1].split()))
    amount = make_quantity(Decimal(number.numerator) / number.denominator, written[2] or None)
    return Reading(name, _in_base_unit(amount), note)


def misses(table: Sequence[Row]) -> Iterator[tuple[Row, Reading]]:
    """The rows that are read in a way that no one expects, with the reading."""
    judged = {row["line"]: expected(row) for row in rows(HERE / "judgements.csv")}
    for row in table:
        read = reading_of(row["line"])
        if read != expected(row) and read != judged.get(row["line"]):
            yield row, read


def _in_base_unit(quantity: Quantity | None) -> tuple[str, Decimal] | None:
    return None if quantity is None else (quantity.measure, quantity.amount)


LINES: Final = rows(HERE / "shopping-lines.csv")

FURTHER: Final = rows(HERE / "further-lines.csv")
"""Lines of the same kinds, each judged before it was ever read."""


def test_shopping_lines_are_read_as_a_shopper_expects() -> None:
    missed = list(misses(LINES))
    for row, read in missed:
        print(f"{row['line']!r} is read as {read}, not as {expected(row)}")
    assert {row["line"] for row, _ in missed} == MISSES
    assert len(missed) <= 0.05 * len(LINES)


@pytest.mark.parametrize("row", FURTHER, ids=lambda row: row["line"])
def test_a_further_line_is_read_as_a_shopper_expects(row: Row) -> None:
    assert reading_of(row["line"]) == expected(row)


@pytest.mark.parametrize("row", rows(HERE / "judgements.csv"), ids=lambda row: row["line"])
def test_only_what_is_a_matter_of_judgement_may_be_read_in_another_way(row: Row) -> None:
    line = next(each for each in LINES if each["line"] == row["line"])
    assert any(field.endswith("~") for field in line.values()), "the table leaves no choice here"
    assert row["reason"]
    assert expected(line) != expected(row) == reading_of(row["line"])


def _print_score(table: Sequence[Row]) -> None:
    missed = list(misses(table))
    for row, read in missed:
        print(f"{row['language']} {row['line']!r}\n    expected {expected(row)}\n    read     {read}")
    for language in sorted({row["language"] for row in table}):
        lines = sum(row["language"] == language for row in table)
        print(f"{language}: {lines - sum(row['language'] == language for row, _ in missed)} of {lines}")
    print(f"all: {len(table) - len(missed)} of {len(table)}, {1 - len(missed) / len(table):.1%}")


if __name__ == "__main__":
    _print_score(rows(Path(sys.argv[1])) if sys.argv[1:] else LINES)
