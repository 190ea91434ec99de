"""Text to take away, without a database."""

import csv
import io
import json
import re
import time
from collections.abc import Iterable, Mapping
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lists.export_forms import COLUMNS, FORMS, Format, guard, unguard
from app.lists.models import ShoppingList

LIST = ShoppingList(UUID(int=1), 1, "Groceries", 0, category_order=("Fruit",))
CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\r\n\t"), min_size=1)
ITEMS = st.lists(st.dictionaries(st.sampled_from(COLUMNS), CELLS, min_size=1))


def written(form: Format, items: Iterable[Mapping[str, str]]) -> str:
    return FORMS[form].text(LIST, map(FORMS[form].item, items))


TRICKY = st.text(st.sampled_from("=+-@＝＋－＠'\";|,\t\r\n a1"), max_size=12)
FORMULA = re.compile(r"[\s\"]*[=+\-@＝＋－＠]")


@given(st.text() | TRICKY)
def test_a_guarded_cell_is_read_back_unchanged_and_is_no_formula(cell: str) -> None:
    assert unguard(guard(cell)) == cell
    assert not guard(cell).startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r"))


@pytest.mark.proves("""rs-formulas MUST own rule; OWASP
    What people typed is no formula in a spreadsheet that opens an export.
    Here: A quote stands before each sign that could begin one, in full width too, at the beginning of a cell and behind
    whatever else a spreadsheet may split at; an import takes it away again.""")
@pytest.mark.parametrize("separator", [";", "\t", "|"])
@given(TRICKY, TRICKY)
def test_a_spreadsheet_that_splits_at_another_separator_finds_no_formula(separator: str, name: str, note: str) -> None:
    written_row = "\n" + FORMS["csv"].item({"name": name or "a", "note": note})
    cells = re.split(rf"[\r\n{separator}]", written_row)
    assert not [cell for cell in cells if FORMULA.match(cell)]


def test_only_what_looks_like_a_formula_is_guarded() -> None:
    guarded = {
        "milk": "milk",
        "=1+1": "'=1+1",
        "-5": "'-5",
        "'=1": "''=1",
        "'milk": "'milk",
        "a=b": "a=b",
        "": "",
        "＝1+1": "'＝1+1",
        "\t=1": "'\t'=1",
        "milk; 2-3 | 4": "milk; 2-3 | 4",
        'a;=1|"@x': """a;'=1|"'@x""",
        "- bread\n- milk": "'- bread\n'- milk",
        "a, =1": "a, =1",
        '"=1': """"'=1""",
    }
    assert {cell: guard(cell) for cell in guarded} == guarded
    assert {guard(cell): unguard(guard(cell)) for cell in guarded} == {found: cell for cell, found in guarded.items()}


@pytest.mark.parametrize("part", ["\n", ";", "'", ";'", '\n"', " ", "\t="])
def test_guarding_takes_a_time_that_grows_with_the_length_only(part: str) -> None:
    for length in (1_000, 100_000):
        cell = "=" + part * length
        began = time.process_time()
        assert unguard(guard(cell)) == cell
        assert time.process_time() - began < length / 10_000 + 0.5


@given(ITEMS)
def test_csv_is_read_back_without_loss(items: list[dict[str, str]]) -> None:
    table = csv.DictReader(io.StringIO(written("csv", items), newline=""))
    read = [{name: unguard(cell) for name, cell in row.items() if cell} for row in table]
    assert read == items


@given(ITEMS)
def test_json_is_read_back_without_loss(items: list[dict[str, str]]) -> None:
    document = json.loads(written("json", items))
    assert document["items"] == items
    assert document["list"] == {"name": "Groceries", "category_order": ["Fruit"]}


def test_markdown_shows_what_was_typed_and_never_markup() -> None:
    items = [
        {"name": "[milk](http://evil.example)", "amount": "2 l", "note": "a\n# b"},
        {"name": "**bread**", "checked_at": "2026-11-21T12:00:00+00:00"},
    ]
    assert written("markdown", items) == (
        "# Groceries\n\n- [ ] 2 l \\[milk\\](http\\://evil.example) (a # b)\n- [x] \\*\\*bread\\*\\*\n"
    )
