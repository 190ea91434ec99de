"""Every letter and digit of a line is in its name, quantity, unit or note.

What an amount is made of is in the quantity: its numbers, its unit, and the words of the tables around them (`of`,
`ca.`, `x`). Of a range, the quantity has the larger number. The number and the box of a list before a line, and the
ending in `Zwiebel(n)`, are left out, as docs/quantities.md says.
"""

import html
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import chain, combinations, product
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.quantities import Quantity, parse_phrase
from app.quantities.marks import remove_mark
from app.quantities.vocabulary import LANGUAGES, PLURAL_MARKS
from app.text import fold
from tests.quantities.test_phrases import PHRASES
from tests.quantities.test_shopping_lines import FURTHER, LINES

WORDS: Final = re.compile(r"[^\W\d_¼-¾⅐-⅞]+|[0-9]+|[¼-¾⅐-⅞#]")
NUMBERS: Final = re.compile(
    r"(?:(?P<whole>[0-9]+)[ -])?(?P<above>[0-9]+)[/⁄](?P<below>[0-9]+)"
    r"|(?:(?P<before>[0-9]+)[ -]?)?(?P<sign>[¼-¾⅐-⅞])"
    r"|(?P<digits>[0-9]*(?:[.,'’][0-9]+)+|[0-9]+(?:[\u00a0\u2009\u202f][0-9]{3}| 0[0-9]{2})*(?:[.,][0-9]+)?)"
)
SIGNS: Final = dict(zip("½⅓⅔¼¾⅛⅜⅝⅞", ["1/2", "1/3", "2/3", "1/4", "3/4", "1/8", "3/8", "5/8", "7/8"], strict=True))
PLURAL_MARK: Final = re.compile(rf"(?<=[^\W\d_])(?:\((?:{'|'.join(PLURAL_MARKS)})\)|/n)(?!\w)")

FACTORS: Final = defaultdict[str, set[Decimal]](set)
for unit in chain.from_iterable(language.all_units for language in LANGUAGES):
    for spelling in (unit.symbol, unit.plural, *unit.also):
        for part in WORDS.findall(spelling):
            FACTORS[fold(part)].add(unit.factor)
SAID: Final = {fold(word): value for each in LANGUAGES for word, value in {**each.numbers, **each.fractions}.items()}
AROUND: Final = {"x", "pounds"}.union(
    *(
        each.of
        | each.one
        | each.and_
        | each.plus
        | each.between
        | each.until
        | each.each
        | each.ordinals
        | each.pack_endings
        for each in LANGUAGES
    ),
    *(phrase for each in LANGUAGES for phrase in (*each.about, *each.limits)),
    *(fold(phrase).split() for each in LANGUAGES for phrase in each.amounts),
)
"""The words that are no loss where there is a quantity."""


def lost(text: str) -> Sequence[str]:
    """The words and digits of a line that are in no part of what it is read as."""
    read = parse_phrase(text)
    given = html.unescape(PLURAL_MARK.sub("", remove_mark(text).text))
    kept = Counter(_words(read.name, read.note or ""))
    missing = Counter(_words(given)) - kept
    if read.quantity is None:
        return sorted(missing)
    words = [word for word in missing if not _is_number(word) and word not in AROUND | set(FACTORS) | set(SAID)]
    digits = Counter({part: times for part, times in missing.items() if _is_number(part)})
    found = list(NUMBERS.finditer(given.translate(WIDE)))
    explained = not digits or any(
        _is_made_of(read.quantity, numbers, given)
        for count in range(1, len(found) + 1)
        for numbers in combinations(found, count)
        if digits == Counter(part for number in numbers for part in WORDS.findall(number[0]))
    )
    return words if explained else sorted(digits.elements())


def _words(*texts: str) -> Iterable[str]:
    found = chain.from_iterable(WORDS.findall(text.translate(WIDE)) for text in texts)
    return (fold(word) if word.isalpha() else word for word in found)


def _is_number(word: str) -> bool:
    return not word.isalpha() and word != "#"


WIDE: Final = str.maketrans("０１２３４５６７８９", "0123456789")


def _values(match: re.Match[str]) -> set[Decimal]:
    """What a number may mean: `1.000` is one or a thousand."""
    if match["above"]:
        below = Decimal(match["below"])
        return {Decimal(match["whole"] or 0) + Decimal(match["above"]) / below} if below else set()
    if match["sign"]:
        above, _, below = SIGNS.get(match["sign"], "1/5").partition("/")
        return {Decimal(match["before"] or 0) + Decimal(above) / Decimal(below)}
    groups = re.split(r"\D", match["digits"])
    return {Decimal("".join(groups)), Decimal(f"{''.join(groups[:-1]) or 0}.{groups[-1]}")}


def _is_made_of(quantity: Quantity, numbers: Sequence[re.Match[str]], text: str) -> bool:
    """Whether all of these numbers, and those in words, give a quantity: as factors, as a sum, or as a range."""
    words = set(_words(text))
    factors = {Decimal(1)}.union(*(FACTORS[word] for word in words if word in FACTORS))
    said = {SAID[word] for word in words if word in SAID}
    results = {value * factor for value in _values(numbers[0]) for factor in factors}
    for match in numbers[1:]:
        following = {value * factor for value in _values(match) for factor in factors}
        results = {
            each for one, other in product(results, following) for each in (one * other, one + other, max(one, other))
        }
    results |= {each for one, other in product(results, said) for each in (one * other, one + other, max(one, other))}
    results |= {one + other * factor for one, other, factor in product(results, said, factors)}
    results |= {one * factor for one, factor in product(results, factors)}
    return any(abs(result - quantity.amount) <= Decimal("0.0001") for result in results)


@pytest.mark.parametrize(
    "line", sorted({*(row["line"] for row in (*LINES, *FURTHER)), *(row["phrase"] for row in PHRASES)})
)
def test_nothing_of_a_line_is_lost(line: str) -> None:
    assert lost(line) == []


NAMES: Final = (
    *("Zorp", "7up", "Typ 405", "blue Zorps", "WD-40", "Zorp (cold)", "3.5% Zorp", "vitamin B 12", "00 Zorp"),
    *("Zorp, fresh", "E 330", "5-grain Zorp", "can opener", "Zwiebel(n)", "C batteries", "Coke 2L", "Zorp à la Zap"),
)
AMOUNTS: Final = (
    *("2 kg", "1,5l", "3", "2-3", "½", "1 1/2 cups", "6 x 330 ml", "x4", "4x", "12 pack of", "6er Pack", "two", "a"),
    *("half a", "2 dozen", "2 lb 8 oz", "100 g/3.5 oz", "1 cup plus 2 tbsp", "400g tin", "2 (14 oz) cans", "pack of 6"),
    *(
        "kilo y medio de",
        "ca. 500 g",
        "max. 3",
        "1 heaped tbsp",
        "2 boîtes de 400 g de",
        "à 1,5 l",
        "3 Dosen",
        "1.000 g",
    ),
    *("1.000 g", "5 #", "2 C", "* 2", "- 12", "(12)", "[ 10 ]", "1/3rd cup", "1-½ oz", "500 g - 1 kg", "2 or 3"),
)
NOTES: Final = ("(cold)", "(2 kg)", "(12)", "(14 oz)", ", minced", ", 500 g", "(x2)", "(dozen)", "/ 3 oz", ", or Zap")
MARKS: Final = ("", "- ", "[x] ", "1. ", "2) ", "• ", "[ ] ", "☑ ", "- [ ] 3. ")

PIECES: Final = st.lists(st.sampled_from((*NAMES, *AMOUNTS, *NOTES)), min_size=1, max_size=5)


@given(st.sampled_from(MARKS), PIECES, st.sampled_from((" ", " ", ", ", "")))
def test_nothing_of_any_mix_of_names_amounts_and_notes_is_lost(mark: str, pieces: Sequence[str], between: str) -> None:
    assert lost(mark + between.join(pieces)) == []


@given(st.sampled_from(AMOUNTS), st.sampled_from(LINES), st.sampled_from(NOTES))
def test_nothing_is_lost_around_a_line_either(amount: str, row: dict[str, str], note: str) -> None:
    assert lost(f"{amount} {row['line']} {note}") == []


@given(st.text(max_size=60))
def test_no_letter_of_any_text_is_lost(text: str) -> None:
    read = parse_phrase(text)
    if read.quantity is None:
        left = remove_mark(html.unescape(PLURAL_MARK.sub("", text))).text
        assert Counter(filter(str.isalnum, left)) == Counter(filter(str.isalnum, read.name + (read.note or "")))
