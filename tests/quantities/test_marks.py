"""The marks of a list before a line."""

import pytest

from app.quantities import parse_phrase
from app.quantities.marks import remove_mark


@pytest.mark.parametrize(
    "mark",
    [
        *("- ", "* ", "• ", "•", "– ", "+ ", "[ ] ", "[] ", "☐ ", "☐", "( ) ", "1. ", "2) "),
        *("- [ ] ", "* [ ] ", "- 12. ", "1. [ ] ", "2) ☐ "),
    ],
)
def test_a_mark_before_a_line_is_no_part_of_it(mark: str) -> None:
    assert remove_mark(f"{mark}milk") == ("milk", False)
    assert str(parse_phrase(f"{mark}2 kg flour").quantity) == "2 kg"


@pytest.mark.parametrize("mark", ["[x] ", "[X]", "☑ ", "☑️ ", "✓ ", "✅", "- [x] ", "1. [x] ", "- 2) ☑ ", "(x) "])
def test_a_ticked_box_is_told_apart(mark: str) -> None:
    read = parse_phrase(f"{mark}2 kg flour")
    assert (read.name, str(read.quantity), read.is_ticked) == ("flour", "2 kg", True)
    assert not parse_phrase("2 kg flour").is_ticked


@pytest.mark.parametrize(
    "text",
    [
        *("-5 milk", "+5 milk", "1.5 l milk", "24.12.2026 goose", "1. Wahl Kirschen", "24. Dezember Gans", "x milk"),
        *("-", "- ", "[x]", "1.", "1. ", "☐", "- [ ]", "*milk*", "-milk", "(x)milk", "xx) milk", ""),
    ],
)
def test_what_only_looks_like_a_mark_stays(text: str) -> None:
    assert remove_mark(text) == (text, False)
