"""Lines that were parsed before are not parsed again."""

from dataclasses import FrozenInstanceError

import pytest

from app.quantities import parse_phrase
from app.quantities.phrases import LONGEST_KEPT


def test_a_line_means_the_same_however_often_it_is_parsed() -> None:
    assert parse_phrase("2 kg flour (fine)") == parse_phrase("2 kg flour (fine)")
    assert parse_phrase("2 KG flour") != parse_phrase("2 kg flour bread"), "lines are told apart by every character"


def test_what_is_kept_can_not_be_changed() -> None:
    kept = parse_phrase("2 kg flour")
    with pytest.raises(FrozenInstanceError):
        kept.name = "sugar"  # pyright: ignore[reportAttributeAccessIssue]
    assert kept.quantity is not None
    with pytest.raises(FrozenInstanceError):
        kept.quantity.unit = "g"  # pyright: ignore[reportAttributeAccessIssue]


def test_long_lines_are_not_kept() -> None:
    long = "flour " * LONGEST_KEPT
    assert parse_phrase(long) == parse_phrase(long)
    assert parse_phrase(long) is not parse_phrase(long)
    assert parse_phrase("flour") is parse_phrase("flour")
