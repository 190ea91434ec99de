"""Amounts: how they are made, added up and written."""

from decimal import Decimal
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.quantities import UNITS, Quantity, make_quantity
from app.quantities.vocabulary import LANGUAGES


def amount(number: str | Decimal, unit: str | None = None) -> Quantity:
    """An amount of a number or fraction and a unit."""
    above, _, below = str(number).partition("/")
    quantity = make_quantity(Decimal(above) / Decimal(below or 1), unit)
    assert quantity is not None
    return quantity


def total(*amounts: str) -> str:
    """The sum of amounts such as `1/3 cup`, as it is written."""
    parts = (each.partition(" ") for each in amounts)
    return str(reduce(Quantity.plus, (amount(number, unit or None) for number, _, unit in parts)))


@pytest.mark.parametrize(
    ("amounts", "written"),
    [
        (("2", "3"), "5"),
        (("500 g", "1 kg"), "1.5 kg"),
        (("1 kg", "500 g"), "1.5 kg"),
        (("500 g", "500 g"), "1 kg"),
        (("500 g", "499 g"), "999 g"),
        (("1500 g",), "1500 g"),
        (("900 ml", "200 ml"), "1.1 l"),
        (("75 cl", "75 cl"), "1.5 l"),
        (("2 dl", "3 dl"), "5 dl"),
        (("5 dl", "20 cl"), "7 dl"),
        (("400 mg", "700 mg"), "1.1 g"),
        (("60 cm", "60 cm"), "1.2 m"),
        (("3 TL", "1 EL"), "2 EL"),
        (("1 EL", "1 TL"), "4 TL"),
        (("1 EL", "1 tbsp"), "2 EL"),
        (("1 cup", "1 tbsp"), "17 tbsp"),
        (("1 cup", "1 tsp"), "245 ml"),
        (("1 cup", "60 ml"), "1.25 cups"),
        (("1 cup", "100 ml"), "340 ml"),
        (("4 cups", "1 l"), "1.96 l"),
        (("1 lb", "8 oz"), "1.5 lb"),
        (("1 lb", "1 oz"), "17 oz"),
        (("2 lb", "1 oz"), "33 oz"),
        (("1 lb", "100 g"), "553.59 g"),
        (("1 Pfund", "500 g"), "2 Pfund"),
        (("1 pint", "1 quart"), "1.5 quarts"),
        (("1 bottle", "1 Flasche"), "2 bottles"),
        (("1 Flasche", "2 bouteilles"), "3 Flaschen"),
        (("1 dozen", "1"), "13"),
        (("3 Stück", "2"), "5 Stück"),
        (("2", "3 Stück"), "5 Stück"),
        (("1 punnet", "2 Schalen"), "3 punnets"),
        (("1/3 cup", "1/3 cup", "1/3 cup"), "1 cup"),
        (("1/3 cup", "1/3 cup"), "2/3 cup"),
        (("2/3 cup", "2/3 cup"), "1 1/3 cups"),
        (("1/3", "1/3", "1/3"), "1"),
        (("1/3 kg", "1/3 kg", "1/3 kg"), "1 kg"),
        (("1/6 oz",) * 6, "1 oz"),
        (("1/3 oz",) * 300, "100 oz"),
        (("0.1 g",) * 10, "1 g"),
        (("0.000001",) * 2, "0.000002"),
    ],
)
def test_a_sum_is_written_in_the_unit_that_people_would_use(amounts: tuple[str, ...], written: str) -> None:
    assert total(*amounts) == written


@pytest.mark.parametrize(
    ("number", "unit", "written"),
    [
        ("1", "cups", "1 cup"),
        ("1.5", "cup", "1.5 cups"),
        ("0.5", "cup", "0.5 cup"),
        ("1", "Flaschen", "1 Flasche"),
        ("1.5", "bouteille", "1.5 bouteille"),
        ("2", "bouteille", "2 bouteilles"),
        ("2", "bocal", "2 bocaux"),
        ("2", "cartón", "2 cartones"),
        ("2", "loaf", "2 loaves"),
        ("2", "cuillères à soupe", "2 c. à s."),
        ("2", "C. À S.", "2 c. à s."),
        ("2", "cucharadas", "2 cdas."),
        ("2", "EL", "2 EL"),
        ("2", "KG", "2 kg"),
        ("2.50", "kg", "2.5 kg"),
        ("1000000", "g", "1000000 g"),
        ("0.000001", "g", "0.000001 g"),
        ("1/3", "cup", "1/3 cup"),
        ("5/3", "cup", "1 2/3 cups"),
        ("1/6", None, "1/6"),
        ("3/8", None, "3/8"),
        ("3/8", "kg", "0.375 kg"),
        ("1/3", "l", "1/3 l"),
        ("1.125", "g", "1.13 g"),
        ("1.1254", "kg", "1.1254 kg"),
        ("2", "amphora", "2 amphora"),
    ],
)
def test_an_amount_is_written_as_people_write_it(number: str, unit: str | None, written: str) -> None:
    assert str(amount(number, unit)) == written


@given(
    st.lists(st.decimals("0.001", 10**5, places=3), min_size=1, max_size=20), st.sampled_from(["g", "kg", "ml", "l"])
)
def test_sums_of_decimals_are_exact(numbers: list[Decimal], unit: str) -> None:
    quantity = reduce(Quantity.plus, (amount(number, unit) for number in numbers))
    assert quantity.amount == sum(numbers) * UNITS[unit].factor


@given(st.integers(1, 60), st.sampled_from([2, 3, 4, 6, 8]), st.sampled_from(sorted(set(UNITS) - {"mg"})))
def test_parts_of_a_unit_add_up_to_whole_ones(wholes: int, parts: int, unit: str) -> None:
    part = amount(f"1/{parts}", unit)
    quantity = reduce(Quantity.plus, [part] * (wholes * parts))
    assert quantity.amount == amount(Decimal(wholes), unit).amount


@given(st.decimals("0.0001", 10**9, places=4), st.sampled_from([None, "bundle", *sorted(UNITS)]))
def test_nothing_is_written_with_an_exponent_or_a_useless_zero(number: Decimal, unit: str | None) -> None:
    quantity = make_quantity(number, unit)
    if quantity is None:
        return
    digits = str(quantity).split(" ")[0]
    assert "e" not in digits.lower()
    assert "/" in digits or digits == f"{Decimal(digits).normalize():f}"
    assert digits.strip("0.")


@given(st.decimals("0.01", 1000, places=2), st.decimals("0.01", 1000, places=2), st.data())
def test_a_sum_has_the_measure_of_its_parts_and_keeps_the_amount(
    one: Decimal, other: Decimal, data: st.DataObject
) -> None:
    unit = data.draw(st.sampled_from(sorted(UNITS)))
    fellows = sorted(symbol for symbol in UNITS if UNITS[symbol].measure == UNITS[unit].measure)
    first, second = amount(one, unit), amount(other, data.draw(st.sampled_from(fellows)))
    sum_of_both = first.plus(second)
    assert sum_of_both.measure == first.measure == second.measure
    assert abs(sum_of_both.amount - first.amount - second.amount) <= Decimal("0.000005")
    assert sum_of_both.amount == second.plus(first).amount


@pytest.mark.parametrize("number", ["0", "-1", "NaN", "Infinity", "-Infinity", "1e30", "1e11", "0.0000001"])
def test_an_amount_that_can_not_be_counted_is_none(number: str) -> None:
    assert make_quantity(Decimal(number), "kg") is None


def test_an_amount_too_small_to_be_shown_in_its_unit_is_none() -> None:
    assert make_quantity(Decimal("0.0000004"), "kg") is None


@pytest.mark.parametrize("word", ["none", "mass", "volume", "length", "Amphora", "bottle pack"])
def test_an_invented_unit_is_a_measure_of_its_own(word: str) -> None:
    quantity = amount("1", word)
    assert quantity.measure == f"pack:{word.lower()}"
    assert str(quantity) == f"1 {word}"


def test_a_pack_word_of_ones_own_is_the_same_in_the_plural() -> None:
    assert amount("1", "amphora").measure == amount("2", "Amphoras").measure != amount("2", "amulet").measure


def test_a_stored_symbol_means_one_measure_in_whatever_language() -> None:
    for unit in (unit for language in LANGUAGES for unit in language.all_units):
        stored = UNITS[unit.symbol]
        assert (stored.measure, stored.factor, stored.plural) == (unit.measure, unit.factor, unit.plural)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bottle", "Flasche"),
        ("bouteille", "botella"),
        ("can", "Dose"),
        ("boîte", "lata"),
        ("bag", "Tüte"),
        ("sachet", "bolsa"),
        ("jar", "Glas"),
        ("bocal", "tarro"),
        ("pack", "Packung"),
        ("paquet", "paquete"),
        ("bunch", "Bund"),
        ("botte", "manojo"),
        ("clove", "Zehe"),
        ("gousse", "diente"),
        ("pinch", "Prise"),
        ("pincée", "pizca"),
        ("box", "Schachtel"),
        ("slice", "Scheibe"),
    ],
)
def test_a_pack_word_is_the_same_measure_in_two_languages(one: str, other: str) -> None:
    assert amount("1", one).measure == amount("1", other).measure
