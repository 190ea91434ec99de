"""Texts of several lines."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lists.items.pasted_text import PastedLine, split_text


def split(text: str, *, at_commas: bool = False) -> list[str]:
    """The lines of a text."""
    return [each.name if isinstance(each, PastedLine) else each for each in split_text(text, at_commas=at_commas)]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("milk", ["milk"]),
        ("milk, eggs", ["milk, eggs"]),
        ("milk\n", ["milk"]),
        ("\n", ["\n"]),
        ("", [""]),
        ("milk\r\neggs", ["milk", "eggs"]),
        ("milk\teggs", ["milk", "eggs"]),
        ("milk\t2 l\neggs", ["milk 2 l", "eggs"]),
        ("a\n" * 200, ["a"] * 101),
        ("a\n" * 10_001, ["a\n" * 10_001]),
    ],
)
def test_a_text_is_split_at_its_line_ends(text: str, lines: list[str]) -> None:
    assert split(text) == lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("milk, eggs; bread", ["milk", "eggs", "bread"]),
        ("1,5 l milk, eggs", ["1,5 l milk", "eggs"]),
        ("eggs (brown, large), milk", ["eggs (brown, large)", "milk"]),
        ("eggs ), milk (a, b", ["eggs )", "milk (a, b"]),
        ("milk, , eggs,", ["milk", "eggs,"]),
        ("milk, eggs\nbread", ["milk", "eggs", "bread"]),
        (", ", [", "]),
    ],
)
def test_a_text_is_split_at_its_commas_too_if_asked(text: str, lines: list[str]) -> None:
    assert split(text, at_commas=True) == lines


@given(st.text(st.sampled_from("ab1 ,;()\n\t\r-[x]"), max_size=60), st.booleans())
def test_no_letter_or_digit_is_lost_between_lines(text: str, at_commas: bool) -> None:
    kept = Counter(filter(str.isalnum, "".join(split(text, at_commas=at_commas))))
    assert kept == Counter(filter(str.isalnum, text))


def test_a_single_line_is_told_from_one_of_several() -> None:
    assert [type(each) for each in split_text("[x] milk", at_commas=False)] == [str]
    assert [type(each) for each in split_text("[x] milk\neggs", at_commas=False)] == [PastedLine, PastedLine]
