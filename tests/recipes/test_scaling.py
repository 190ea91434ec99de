"""Amounts for more or fewer servings agree with exact arithmetic, and are rounded up to what shops sell."""

from decimal import Decimal
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.quantities import LARGEST, Quantity, make_quantity, parse_phrase
from app.quantities.quantity import STEP, is_size
from app.recipes.models import MOST_SERVINGS
from app.recipes.scaling import exact_amount, scale, scale_for_shop

servings = st.integers(1, MOST_SERVINGS)
parts = st.builds(Fraction, st.integers(1, 2_000), st.integers(1, 100))
"""Amounts as cookbooks have them: 3, 1/3, 2 5/8."""


def stored(amount: Fraction, unit: str | None) -> Quantity:
    quantity = make_quantity(Decimal(amount.numerator) / Decimal(amount.denominator), unit)
    assert quantity is not None
    return quantity


def quantity_of(line: str) -> Quantity:
    quantity = parse_phrase(line).quantity
    assert quantity is not None
    return quantity


@settings(deadline=None)
@given(parts, servings, servings)
def test_pieces_and_packs_are_the_smallest_whole_number_that_is_enough(
    amount: Fraction, people: int, original: int
) -> None:
    factor = Fraction(people, original)
    for unit in (None, "can", "bunch"):
        bought = scale_for_shop(stored(amount, unit), factor)
        assert bought is not None
        assert bought.amount == ceil(amount * factor)
        assert bought.unit == stored(amount, unit).unit


@settings(deadline=None)
@given(
    st.decimals("0.01", "10000", places=3), st.sampled_from(["g", "kg", "ml", "l", "cup", "tbsp"]), servings, servings
)
def test_weights_and_volumes_are_as_exact_as_they_are_stored(
    number: Decimal, unit: str, people: int, original: int
) -> None:
    quantity, factor = stored(Fraction(number), unit), Fraction(people, original)
    assert is_size(quantity)
    exact = exact_amount(quantity) * factor
    bought = scale_for_shop(quantity, factor)
    if bought is None:
        assert exact < Fraction(1, 100)
        return
    assert bought == scale(quantity, factor)
    assert abs(Fraction(bought.amount) - exact) <= Fraction(STEP) / 2
    assert bought.measure == quantity.measure


@settings(deadline=None)
@given(parts, servings)
def test_there_and_back_again_is_the_same_amount(amount: Fraction, people: int) -> None:
    quantity = stored(amount, None)
    there = exact_amount(quantity) * Fraction(people, 4)
    assert there * Fraction(4, people) == exact_amount(quantity)
    assert abs(exact_amount(quantity) - Fraction(quantity.amount)) <= Fraction(STEP) / 2


@pytest.mark.parametrize(
    ("line", "factor", "bought"),
    [
        ("3 eggs", Fraction(1, 2), "2"),
        ("1/3 lemon", Fraction(3), "1"),
        ("2/3 lemon", Fraction(3), "2"),
        ("4/7 melon", Fraction(7), "4"),
        ("1 can beans", Fraction(5, 4), "2 cans"),
        ("500 g flour", Fraction(3), "1.5 kg"),
        ("250 g flour", Fraction(1, 2), "125 g"),
        ("1/3 cup sugar", Fraction(2), "2/3 cup"),
        ("1.5 l milk", Fraction(1), "1.5 l"),
        ("half a dozen eggs", Fraction(1), "6"),
    ],
)
def test_what_is_bought_reads_as_people_say_it(line: str, factor: Fraction, bought: str) -> None:
    assert str(scale_for_shop(quantity_of(line), factor)) == bought


def test_a_recipe_is_cooked_with_parts_of_pieces() -> None:
    assert str(scale(quantity_of("1 egg"), Fraction(4, 3))) == "1 1/3"


def test_too_much_to_count_is_nothing() -> None:
    most = Quantity("count", LARGEST, None)
    assert scale(most, Fraction(2)) is None
    assert scale_for_shop(most, Fraction(2)) is None
    assert scale(Quantity("mass", STEP, "g"), Fraction(1, 3)) is None
