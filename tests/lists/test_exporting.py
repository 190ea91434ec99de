"""Text to take away, without a database."""

import csv
import io
import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lists.export import COLUMNS, as_csv, as_json, as_markdown, guard, unguard
from app.lists.models import ShoppingList

LIST = ShoppingList(UUID(int=1), 1, "Groceries", 0, category_order=("Fruit",))
CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\r\n\t"), min_size=1)
ITEMS = st.lists(st.dictionaries(st.sampled_from(COLUMNS), CELLS, min_size=1))


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


@pytest.mark.anyio
@given(ITEMS)
async def test_csv_is_read_back_without_loss(items: list[dict[str, str]]) -> None:
    table = csv.DictReader(io.StringIO(await as_csv(LIST, items), newline=""))
    read = [{name: unguard(cell) for name, cell in row.items() if cell} for row in table]
    assert read == items


@pytest.mark.anyio
@given(ITEMS)
async def test_json_is_read_back_without_loss(items: list[dict[str, str]]) -> None:
    document = json.loads(await as_json(LIST, items))
    assert document["items"] == items
    assert document["list"] == {"name": "Groceries", "category_order": ["Fruit"]}


@pytest.mark.anyio
async def test_markdown_shows_what_was_typed_and_never_markup() -> None:
    items = [
        {"name": "[milk](http://evil.example)", "quantity": "2", "unit": "l", "note": "a\n# b"},
        {"name": "**bread**", "checked_at": "2026-11-21T12:00:00+00:00"},
    ]
    assert await as_markdown(LIST, items) == (
        "# Groceries\n\n- [ ] 2 l \\[milk\\]\\(http\\:\\/\\/evil\\.example\\) \\(a \\# b\\)\n- [x] \\*\\*bread\\*\\*\n"
    )
