"""What cups of common foods weigh."""

import csv
import re
from decimal import Decimal

import pytest

from app.quantities import parse_phrase
from app.quantities.foods import FILE, LANGUAGES, grams_of_cups, in_grams
from app.quantities.merge_key import merge_key


def weight(line: str) -> str | None:
    phrase = parse_phrase(line)
    assert phrase.quantity is not None
    found = in_grams(merge_key(phrase.name), phrase.quantity)
    return None if found is None else str(found)


@pytest.mark.parametrize(
    ("line", "grams"),
    [
        ("2 cups flour", "250 g"),
        ("1/2 cup butter", "114 g"),
        ("1 Tasse Zucker", "208 g"),  # of 250 ml
        ("2 tazas de arroz", "385 g"),
        ("1 l milk", "1017 g"),
        ("2 tbsp Honig", "42 g"),
        ("500 g flour", "500 g"),
        ("2 kg of something", "2 kg"),
        ("2 cups strong flour", None),
        ("2 cups something", None),
        ("2 bags flour", None),
        ("1 pinch salt", None),
    ],
)
def test_a_volume_of_a_known_food_is_weighed_and_nothing_else(line: str, grams: str | None) -> None:
    assert weight(line) == grams


def test_each_food_has_names_in_every_language_and_a_weight_that_food_can_have() -> None:
    foods = grams_of_cups()
    assert len(foods) > 150
    assert all(Decimal(70) < grams < Decimal(350) for grams in foods.values())


def test_no_name_is_of_two_foods() -> None:
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert 40 <= len(rows) <= 60
    weights: dict[str, str] = {}
    for row in rows:
        assert re.fullmatch(r"[0-9]{5}", row["ndb"]), "the number of the food in the USDA's Standard Reference"
        for language in LANGUAGES:
            assert row[language], row
            for name in row[language].split("|"):
                assert weights.setdefault(merge_key(name), row["grams"]) == row["grams"], name
