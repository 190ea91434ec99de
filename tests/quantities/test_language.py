"""The files of the languages."""

import re
from dataclasses import fields as dataclass_fields
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from app.quantities import UNITS, make_quantity, parse_phrase
from app.quantities.language import Language, Pack, Unit, read_language
from app.quantities.vocabulary import LANGUAGES

ROOT: Final = Path(__file__).parents[2]
PLAIN: Final = 'code = "xx"\nrank = 9\nunits = []\n'


def language(folder: Path, text: str) -> Language:
    """The language of a file with this text."""
    path = folder / "testish.toml"
    path.write_text(text, "utf-8")
    return read_language(path)


def test_a_word_is_folded_and_a_number_may_be_a_fraction(tmp_path: Path) -> None:
    read = language(
        tmp_path, PLAIN + 'of = "für vön"\nabout = ["à peu près"]\n[fractions]\ntiers = "1/3"\nhalb = 0.5\n'
    )
    assert read.of == {"fur", "von"}
    assert read.about == (("a", "peu", "pres"),)
    assert [str(value)[:4] for value in read.fractions.values()] == ["0.33", "0.5"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (PLAIN + 'abuot = ["ca"]\n', "testish.toml: abuot: Extra inputs are not permitted"),
        (PLAIN + "of = 3\n", "of: Value error, must be one text with spaces between the words"),
        (PLAIN + 'of = ["für"]\n', "of: Value error, must be one text with spaces between the words"),
        (PLAIN + 'about = "ca"\n', "about: Input should be a valid tuple"),
        (PLAIN + '[amounts]\n"cuarto y mitad" = "375g"\n', "amounts.cuarto y mitad: String should match"),
        (PLAIN + 'packs = [{ symbol = "Dose", plural = "Dosen" }]\n', "packs.0.like: Field required"),
        (PLAIN + "[numbers]\nzwei = 'two'\n", "numbers.zwei: "),
        (PLAIN + "[numbers]\nzwei = 0\n", "numbers.zwei: Input should be greater than 0"),
        ('code = "xx"\nrank = 9\nunits = [{ symbol = "g" }]\n', "units.0.measure: "),
        (
            'code = "xx"\nrank = 9\nunits = [{ symbol = "g", measure = "mas", factor = 1, kind = "metric" }]\n',
            "units.0.measure: String should match",
        ),
        ('code = "xx"\nrank = 9\nunits = [{ symbol = "g", mass = 1 }]\n', "units.0.mass: "),
        ("code = xx\n", "testish.toml: Invalid value (at line 1"),
        ('code = "xx"\n', "rank: Field required; units: Field required"),
    ],
)
def test_a_file_with_a_fault_is_refused_with_its_name_and_the_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"(?s){re.escape(message)}"):
        language(tmp_path, text)


def test_every_field_of_a_file_is_explained_in_the_documents() -> None:
    explained = (ROOT / "docs/quantities.md").read_text("utf-8")
    fields = {*Language.model_fields, *Pack.model_fields, *(field.name for field in dataclass_fields(Unit))} - {
        "language"
    }
    assert [field for field in sorted(fields) if f"`{field.rstrip('_')}`" not in explained] == []


def test_languages_have_an_order_and_their_units_grow_into_units() -> None:
    assert len({each.rank for each in LANGUAGES}) == len({each.code for each in LANGUAGES}) == len(LANGUAGES) >= 5
    assert {unit.grows_to for unit in UNITS.values() if unit.grows_to is not None} <= set(UNITS)
    assert {unit.measure for unit in UNITS.values() if unit.kind != "pack"} == {"mass", "volume", "length", "count"}


@pytest.mark.parametrize("code", [each.code for each in LANGUAGES if each.code])
def test_every_unit_is_read_before_a_name_in_its_language(code: str) -> None:
    spoken = next(each for each in LANGUAGES if each.code == code)
    of = min(spoken.of, key=len) if code != "fr" else "de"
    for unit in spoken.all_units:
        read = parse_phrase(f"1 {unit.symbol} {of} zorp")
        assert read.name == "zorp", unit.symbol
        assert read.quantity == make_quantity(Decimal(1), unit.symbol), unit.symbol
