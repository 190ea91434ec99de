"""Text to take away, without a database."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.lists.export import COLUMNS, FORMS, Format, guard, unguard
from app.lists.models import ShoppingList

LIST = ShoppingList(UUID(int=1), 1, "Groceries", 0, category_order=("Fruit",))
CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\r\n\t"), min_size=1)
ITEMS = st.lists(st.dictionaries(st.sampled_from(COLUMNS), CELLS, min_size=1))


def written(form: Format, items: Iterable[Mapping[str, str]]) -> str:
    return FORMS[form].text(LIST, map(FORMS[form].item, items))


@given(st.text())
def test_a_guarded_cell_is_read_back_unchanged_and_is_no_formula(cell: str) -> None:
    assert unguard(guard(cell)) == cell
    assert not guard(cell).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_only_what_looks_like_a_formula_is_guarded() -> None:
    assert [guard(cell) for cell in ("milk", "=1+1", "-5", "'=1", "'milk", "a=b", "")] == [
        "milk",
        "'=1+1",
        "'-5",
        "''=1",
        "'milk",
        "a=b",
        "",
    ]


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
