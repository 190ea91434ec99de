"""Which of several things a name means, and that nothing is guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.quantities.matching import LIST_WORDS, find_named, loosen, similar, split_label

NAMES = [
    "Groceries",
    "Hardware store",
    "Trader Joe's",
    "Oma's Käse-Laden",
    "Party 🎉",
    "🧀",
    "Wood screws",
    "wood glue",
]


def find(said: str, names: list[str] = NAMES) -> list[str]:
    return find_named(said, [(name, name) for name in names], 5, LIST_WORDS)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("the grocery list", ["Groceries"]),
        ("Einkaufsliste Party", ["Party 🎉"]),
        ("trader joes", ["Trader Joe's"]),
        ("TRADER JOE", ["Trader Joe's"]),
        ("omas kaseladen", ["Oma's Käse-Laden"]),
        ("🧀", ["🧀"]),
        ("woodscrews", ["Wood screws"]),
        ("screw", ["Wood screws"]),
        ("hard", ["Hardware store"]),
        ("wood", ["Wood screws", "wood glue"]),
        ("w", []),
        ("wo", []),
        ("list", []),
        ("the", []),
        ("screws glue", []),
        ("", []),
        ("!", []),
    ],
)
def test_a_name_means_what_people_call_it(said: str, meant: list[str]) -> None:
    assert find(said) == meant


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("yoghurt", "yogurts"),
        ("Joghurt", "yogurt"),
        ("whiskey", "whisky"),
        ("chillies", "chili"),
        ("icecream", "ice-cream"),
    ],
)
def test_spellings_of_one_word_are_the_same_name(one: str, other: str) -> None:
    assert find_named(one, [(other, 1)], 2) == find_named(other, [(one, 1)], 2) == [1]


def test_the_nearer_way_decides() -> None:
    assert find("milk", ["oat milk", "Milk", "milk chocolate"]) == ["Milk"]
    assert find("milks", ["oat milk", "Milk", "milk chocolate"]) == ["Milk"]
    assert find("milk", ["oat milk", "milk chocolate"]) == ["oat milk", "milk chocolate"]


@given(names=st.lists(st.text(max_size=30), min_size=1, max_size=8, unique=True), data=st.data())
def test_every_name_finds_itself_and_whatever_is_found_is_one_of_them(names: list[str], data: st.DataObject) -> None:
    meant = data.draw(st.sampled_from(names))
    assert meant in find_named(meant, [(name, name) for name in names], len(names))
    said = data.draw(st.text(max_size=20))
    assert set(find_named(said, [(name, name) for name in names], len(names))) <= set(names)


@given(st.text(max_size=60))
def test_any_text_can_be_loosened(text: str) -> None:
    assert loosen(text, LIST_WORDS).keys


@pytest.mark.parametrize(
    ("copied", "parts"),
    [
        ("2 kg flour (organic) (i3)", ("2 kg flour (organic)", "i3")),
        ("nails (i9 on L2)", ("nails", "i9")),
        ("Hardware (L2)", ("Hardware", "L2")),
        ("milk (lactose free)", None),
        ("milk", None),
    ],
)
def test_a_copied_candidate_is_taken_apart(copied: str, parts: tuple[str, str] | None) -> None:
    assert split_label(copied) == parts


def test_what_resembles_a_name_is_the_nearest_first() -> None:
    assert similar("mozarela", ["mozzarella", "milk", "marzipan"], 3) == ["mozzarella"]
