"""What people type, in four languages, with what each line must give."""

import csv
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from types import FrameType
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.quantities import UNITS, make_quantity, parse_phrase
from app.quantities.line import LONGEST_READ, Line

with (Path(__file__).parent / "phrases.csv").open(encoding="utf-8", newline="") as table:
    PHRASES: Final = list(csv.DictReader(table))


@pytest.mark.parametrize("row", PHRASES, ids=lambda row: f"{row['language']}-{row['phrase']}")
def test_a_phrase_is_read_as_people_mean_it(row: dict[str, str]) -> None:
    read = parse_phrase(row["phrase"])
    amount = None if read.quantity is None else read.quantity.amount
    given = {
        "language": row["language"],
        "phrase": row["phrase"],
        "name": read.name,
        "written": str(read.quantity or ""),
        "amount": "" if amount is None else f"{amount.normalize():f}",
        "unit": (read.quantity and read.quantity.unit) or "",
        "measure": "" if read.quantity is None else read.quantity.measure,
        "note": read.note or "",
    }
    assert given == row


def test_the_table_has_every_language_and_no_phrase_twice() -> None:
    assert len({row["phrase"] for row in PHRASES}) == len(PHRASES) >= 300
    assert min(Counter(row["language"] for row in PHRASES).values()) >= 60


@pytest.mark.parametrize(
    ("phrase", "written"),
    [
        ("1.000 g Mehl", "1000 g"),
        ("1,000 g flour", "1000 g"),
        ("1\u00a0000 g de farine", "1000 g"),
        ("1\u202f000 g de farine", "1000 g"),
        ("1'000 g Mehl", "1000 g"),
        ("1.000 ml Milch", "1000 ml"),
        ("1.000 Servietten", "1000"),
        ("1,000 x napkins", "1000"),
        ("1.000 kg Mehl", "1 kg"),
        ("1,000 kg flour", "1 kg"),
        ("1.250 l Milch", "1.25 l"),
        ("0.500 g saffron", "0.5 g"),
        ("1.000.000 g Mehl", "1000000 g"),
        ("1.000,5 g Mehl", "1000.5 g"),
        ("1,000.5 g flour", "1000.5 g"),
        ("1,00 kg Mehl", "1 kg"),
        ("1.0000 g flour", "1 g"),
    ],
)
def test_three_digits_after_one_separator_are_thousands_of_small_units_and_decimals_of_large_ones(
    phrase: str, written: str
) -> None:
    assert str(parse_phrase(phrase).quantity) == written


@pytest.mark.parametrize(
    "phrase", ["1.00.000 g rice", "1,000.000,5 g rice", "1.2.3 g rice", "12.34,56 g rice", "1..5 l rice"]
)
def test_digits_with_separators_in_odd_places_are_a_name(phrase: str) -> None:
    read = parse_phrase(phrase)
    assert (read.name, read.quantity) == (phrase, None)


@given(st.text(max_size=60))
def test_anything_else_is_a_name_and_never_an_error(text: str) -> None:
    read = parse_phrase(text)
    assert read.name or not text


PIECES: Final = (
    "1 2 0 00 1/2 ½ 1.000 , . - x X × ( ) % a ein une half demi und de d' of kg g EL c. à s. Dose can pot Mehl ca. ~"
)


@given(st.lists(st.sampled_from(PIECES.split()), max_size=12).map(" ".join), st.booleans())
def test_no_mix_of_numbers_units_and_words_is_an_error(text: str, glued: bool) -> None:
    phrase = text.replace(" ", "") if glued else text
    read = parse_phrase(phrase)
    assert read.name.strip() or not phrase.strip()
    assert read.name in phrase
    assert read.quantity is None or read.quantity.amount > 0


OF = {"": "", "de": "", "en": "of", "fr": "de", "es": "de"}
SYMBOLS: Final = sorted(symbol for symbol, unit in UNITS.items() if unit.kind != "number")


@given(st.decimals("0.01", 10**6, places=2), st.sampled_from(SYMBOLS))
def test_what_is_written_back_is_read_the_same_before_and_behind_a_name(number: Decimal, symbol: str) -> None:
    quantity = make_quantity(number, symbol)
    of = OF[UNITS[symbol].language]
    assert parse_phrase(" ".join(filter(None, (str(quantity), of, "rice")))).quantity == quantity
    if not UNITS[symbol].needs_of:
        assert parse_phrase(f"rice {quantity}").quantity == quantity


@given(st.integers(1, 250), st.sampled_from([3, 6]), st.sampled_from([None, "cup", "EL", "kg", "Flasche", "oz"]))
def test_a_third_that_is_written_back_is_read_the_same(count: int, parts: int, unit: str | None) -> None:
    quantity = make_quantity(Decimal(count) / parts, unit)
    assert parse_phrase(f"{quantity} rice").quantity == quantity


@given(st.integers(1, 999_999))
def test_a_bare_count_is_never_misread(count: int) -> None:
    quantity = parse_phrase(f"{count} eggs").quantity
    assert quantity is not None
    assert (quantity.amount, str(quantity)) == (count, str(count))


LONG: Final = (
    *(
        "1 ",
        "x1 ",
        "((",
        "½",
        "1,",
        "1/2 ",
        "2 kg ",
        "ca. ",
        "a ",
        "half a ",
        "c. à s. ",
        "1-",
        "(1",
        "äß",
        "1 (",
        "- ",
    ),
    *("2 packs of ", "Milch, ", "1 kg / ", "1 kg + ", "heaped ", "(a) ", "1 heaped ", "6er Pack ", "x", "*2", "[ ] "),
    *("1. ", "&frac12;", "(n)", "a(n)", "two ", "1 ½ ", "/1", "100 g/3.5 oz "),
)
MOST_STEPS: Final = 4_000
"""Calls of functions, some 0.1 µs each: 100 of the worst lines must take less than 50 ms."""


@pytest.mark.parametrize("piece", LONG)
def test_only_the_ends_of_a_line_take_time(piece: str) -> None:
    half, whole = (_steps((piece * length)[:length]) for length in (1100, 2200))
    # Where the line is cut makes a difference, its length none.
    assert whole <= 1.5 * half
    assert whole <= MOST_STEPS


@given(st.lists(st.sampled_from(("1", "½", "/", "(", ")", ",", ".", "-", "x", " ", "kg", "of", "pack", "&", *LONG))))
def test_no_mix_of_characters_takes_more_steps(pieces: list[str]) -> None:
    assert _steps(("".join(pieces) or "a") * 2200) <= MOST_STEPS


@pytest.mark.parametrize("piece", LONG)
def test_only_the_ends_of_a_long_line_are_searched_for_an_amount(piece: str) -> None:
    long = parse_phrase(f"rice {piece * (2000 // len(piece))} rice 2 kg")
    assert str(long.quantity) == "2 kg"


def test_a_long_line_is_read_at_its_beginning() -> None:
    text = "flour " * 300
    read = parse_phrase(f"2 kg {text}")
    assert (read.name, str(read.quantity)) == (text.strip(), "2 kg")


@pytest.mark.parametrize("text", ["m" + ", " * 1090 + "b", "m" + " " * 2190 + "b", "(" * 2200, "1/" * 1100])
def test_a_long_line_without_a_quantity_is_a_name(text: str) -> None:
    assert parse_phrase(text).name == text


@given(st.text(max_size=400))
def test_the_tokens_of_a_line_are_its_text_without_the_white_space(text: str) -> None:
    line = Line(text)
    assert "".join("".join(text[token.start : token.end].split()) for token in line.tokens) == "".join(text.split())
    assert len(line) <= LONGEST_READ + 1


def _steps(text: str) -> int:
    """How many calls reading the first 2,200 characters of a text takes."""
    text, calls = text[:2200], 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        parse_phrase(text)
    finally:
        sys.setprofile(before)
    return calls
