"""How people write quantities."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lists.quantities import UNITS, make_quantity, parse_phrase

PHRASES = [
    ("2 kg flour", "flour", "2 kg", None),
    ("2kg flour", "flour", "2 kg", None),
    ("flour 500g", "flour", "500 g", None),
    ("flour, 500 g", "flour", "500 g", None),
    ("0.5 l milk", "milk", "0.5 l", None),
    ("0,5 l milk", "milk", "0.5 l", None),
    ("1/2 cup sugar", "sugar", "0.5 cup", None),
    ("1 1/2 l water", "water", "1.5 l", None),
    ("½ l cream", "cream", "0.5 l", None),
    ("1½ l cream", "cream", "1.5 l", None),
    ("a dozen eggs", "eggs", "12", None),
    ("half dozen eggs", "eggs", "6", None),
    ("half a dozen eggs", "eggs", "6", None),
    ("3x milk", "milk", "3", None),
    ("3 × milk", "milk", "3", None),
    ("milk x3", "milk", "3", None),
    ("8 eggs", "eggs", "8", None),
    ("2 cans of tomatoes", "tomatoes", "2 can", None),
    ("milk (lactose free)", "milk", None, "lactose free"),
    ("2 l milk (fresh)", "milk", "2 l", "fresh"),
    ("milk", "milk", None, None),
    ("7up", "7up", None, None),
    ("00 flour", "00 flour", None, None),
    ("5-grain bread", "5-grain bread", None, None),
    ("100% juice", "100% juice", None, None),
    ("WD-40", "WD-40", None, None),
    ("4 kg", "4 kg", None, None),
    ("12", "12", None, None),
    ("1/0 kg rice", "1/0 kg rice", None, None),
    ("0 milk", "0 milk", None, None),
    ("()", "()", None, None),
    ("1.000 g sugar", "1.000 g sugar", None, None),
    ("1,000 g salt", "1,000 g salt", None, None),
    ("0,125 l milk", "milk", "0.125 l", None),
    ("3 in 1 coffee", "3 in 1 coffee", None, None),
    ("2 for 1 pizza", "2 for 1 pizza", None, None),
    ("2 - 3 lemons", "2 - 3 lemons", None, None),
    ("3 ply toilet paper", "3 ply toilet paper", None, None),
]


@pytest.mark.parametrize(("phrase", "name", "quantity", "note"), PHRASES)
def test_a_phrase_is_read_as_people_mean_it(phrase: str, name: str, quantity: str | None, note: str | None) -> None:
    read = parse_phrase(phrase)
    assert (read.name, read.quantity and str(read.quantity), read.note) == (name, quantity, note)


@given(st.text(max_size=60))
def test_anything_else_is_a_name_and_never_an_error(text: str) -> None:
    read = parse_phrase(text)
    assert read.name or not text.strip()


@given(st.decimals("0.01", 10**6, places=2), st.sampled_from(sorted({unit.symbol for unit in UNITS.values()})))
def test_what_is_written_back_is_read_the_same(number: Decimal, unit: str) -> None:
    quantity = make_quantity(number, unit)
    assert quantity is not None
    again = parse_phrase(f"{quantity} rice").quantity
    assert again is not None
    assert again.measure == quantity.measure
    assert abs(again.amount - quantity.amount) <= Decimal("0.001")


@pytest.mark.parametrize("number", ["0", "-1", "NaN", "Infinity", "1e30", "0.0000001"])
def test_an_amount_that_can_not_be_counted_is_none(number: str) -> None:
    assert make_quantity(Decimal(number), "kg" if number == "1e30" else None) is None


@pytest.mark.parametrize("text", ["a" + ", " * 1090 + "b", "a" + " " * 2190 + "b", "(" * 2200, "1/" * 1100])
def test_a_long_line_without_a_quantity_is_a_name(text: str) -> None:
    assert parse_phrase(text).name == text


@pytest.mark.parametrize("word", ["none", "mass", "volume", "count", "Punnet"])
def test_an_invented_unit_is_a_measure_of_its_own(word: str) -> None:
    quantity = make_quantity(Decimal(1), word)
    assert quantity is not None
    assert quantity.measure == f"pack:{word.lower()}"
    assert str(quantity) == f"1 {word}"
