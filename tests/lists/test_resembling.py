"""Names that resemble a misspelt one."""

from uuid import UUID

import pytest

from app.lists.items.candidates import Resembling
from app.lists.items.fields import Item, ParsedItem

NAMES = ["milk", "oat milk", "flour", "eggs", "tomatoes", "Milch", "haricots verts", "radis", "cheese", "7up"]


def resembling(*names: str) -> Resembling:
    nobody = UUID(int=0)
    return Resembling(
        Item(UUID(int=no), no, nobody, name, ParsedItem(name).name_key, no) for no, name in enumerate(names, start=1)
    )


@pytest.mark.parametrize(
    ("meant", "found"),
    [
        ("mlk", ["milk"]),
        ("milk", ["milk", "oat milk"]),
        ("flourr", ["flour"]),
        ("tomatos", ["tomatoes"]),
        ("raddis", ["radis"]),
        ("haricot vert", ["haricots verts"]),
        ("7 up", ["7up"]),
        ("spaghetti", []),
        ("x", []),
    ],
)
def test_what_shares_a_word_or_most_letters_is_found_the_nearest_first(meant: str, found: list[str]) -> None:
    assert [item.name for item in resembling(*NAMES).to(ParsedItem(meant).name_key, 8)][: len(found) or None] == found


def test_every_line_of_a_name_is_found_up_to_the_number_that_is_asked_for() -> None:
    assert [item.no for item in resembling("milk", "milk", "milk").to("milc", 2)] == [1, 2]
