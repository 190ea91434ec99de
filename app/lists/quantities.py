"""Quantities: how people write them, the base unit they are kept in, and how they are written back.

A small grammar over one table of units. What it does not understand is part of the name, never an error:
`7up`, `00 flour` and `5-grain bread` are names.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

LARGEST: Final = Decimal(10) ** 11
STEP: Final = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: its measure, how many base units it holds, and how it is written."""

    symbol: str
    measure: str
    factor: Decimal


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact amount, in the base unit of its measure (g, ml, one piece, one pack), and the unit people used."""

    measure: str
    amount: Decimal
    unit: str | None

    def plus(self, other: "Quantity") -> "Quantity":
        """The sum of two amounts of one measure, shown in the larger of their units."""
        units = [self, other]
        largest = max(units, key=lambda quantity: factor_of(quantity.unit))
        return Quantity(self.measure, self.amount + other.amount, largest.unit)

    @property
    def shown(self) -> Decimal:
        """The amount in the unit people used."""
        return (self.amount / factor_of(self.unit)).quantize(STEP, ROUND_HALF_UP).normalize()

    def __str__(self) -> str:
        number = f"{self.shown:f}"
        return number if self.unit is None else f"{number} {self.unit}"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A line as typed, in its parts."""

    name: str
    quantity: Quantity | None = None
    note: str | None = None


def _measure_of_word(word: str) -> str:
    """The measure of a pack word. It has a prefix, so that no word that people invent is `mass` or `none`."""
    return f"pack:{word.lower()}"


def _units() -> dict[str, Unit]:
    table: dict[str, Unit] = {}

    def add(measure: str, factor: str, symbol: str, *spellings: str) -> None:
        unit = Unit(symbol, measure, Decimal(factor))
        for spelling in (symbol, *spellings):
            table[spelling] = unit

    add("mass", "0.001", "mg")
    add("mass", "1", "g", "gr", "gram", "grams", "gramme", "grammes")
    add("mass", "1000", "kg", "kilo", "kilos", "kilogram", "kilograms")
    add("mass", "28.349523", "oz", "ounce", "ounces")
    add("mass", "453.59237", "lb", "lbs", "pound", "pounds")
    add("volume", "1", "ml", "millilitre", "millilitres", "milliliter", "milliliters")
    add("volume", "10", "cl")
    add("volume", "100", "dl")
    add("volume", "1000", "l", "litre", "litres", "liter", "liters")
    add("volume", "5", "tsp", "teaspoon", "teaspoons")
    add("volume", "15", "tbsp", "tablespoon", "tablespoons")
    add("volume", "240", "cup", "cups")
    for pack in ("pack", "bottle", "can", "bag", "jar", "bunch", "tin", "tube", "slice", "carton"):
        add(_measure_of_word(pack), "1", pack, pack + ("es" if pack == "bunch" else "s"))
    add(_measure_of_word("box"), "1", "box", "boxes")
    return table


UNITS: Final = _units()

_NUMBER: Final = r"(?:\d{1,9}\s+\d{1,4}/\d{1,4}|\d{1,4}/\d{1,4}|\d{1,9}[.,]\d{1,6}|\d{1,9}\s?[½¼¾⅓⅔⅛]|\d{1,9}|[½¼¾⅓⅔⅛])"
_UNIT: Final = "|".join(sorted(UNITS, key=len, reverse=True))
_LEADING: Final = re.compile(
    rf"(?P<number>{_NUMBER})(?:\s*(?P<unit>{_UNIT})\.?(?:\s+of)?\s+|\s*[x×]\s+|\s+(?!\d))(?P<name>.+)", re.IGNORECASE
)
_TRAILING: Final = re.compile(
    rf"(?P<name>.+?)(?<![\s,])[\s,]++(?:(?P<number>{_NUMBER})\s*(?P<unit>{_UNIT})\.?|[x×]\s*(?P<times>\d{{1,9}}))",
    re.IGNORECASE,
)
_DOZEN: Final = re.compile(r"(?:(?P<half>half)\s+)?(?:(?:a|one|1)\s+)?dozen\s+(?P<name>.+)", re.IGNORECASE)
_THOUSANDS: Final = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_NAME: Final = re.compile(r"(?!(?:in|for|ply)\b)[^\W\d_]", re.IGNORECASE)
"""How the name behind an amount begins: with a letter, and not as in `3 in 1 coffee`."""
_NOTE: Final = re.compile(r"(?P<line>.*\S)\s*\((?P<note>[^()]+)\)")
_VULGAR: Final = {"½": "1/2", "¼": "1/4", "¾": "3/4", "⅓": "1/3", "⅔": "2/3", "⅛": "1/8"}


def parse_phrase(text: str) -> Phrase:
    """A typed line in its parts: `2 kg flour`, `flour 500g`, `1/2 cup sugar`, `3x milk`, `milk (lactose free)`."""
    noted = _NOTE.fullmatch(text)
    if noted:
        inner = _split(noted["line"])
        return Phrase(inner.name, inner.quantity, noted["note"].strip() or None)
    return _split(text)


def make_quantity(number: Decimal, unit: str | None) -> Quantity | None:
    """An amount with its unit, or None when it is not above zero or beyond counting.

    A word that is no unit of the table is a pack word of its own: `2 punnet` is two punnets.
    """
    if not number.is_finite() or number <= 0 or number > LARGEST:
        return None
    known = UNITS.get(unit.lower()) if unit is not None else None
    if known is not None:
        amount = (number * known.factor).quantize(STEP, ROUND_HALF_UP)
        return Quantity(known.measure, amount, known.symbol) if 0 < amount <= LARGEST else None
    amount = number.quantize(STEP, ROUND_HALF_UP)
    return Quantity(_measure_of_word(unit) if unit else "count", amount, unit) if amount > 0 else None


def factor_of(unit: str | None) -> Decimal:
    """How many base units a unit holds; one for a count and for pack words."""
    known = UNITS.get(unit.lower()) if unit is not None else None
    return known.factor if known is not None else Decimal(1)


def _split(text: str) -> Phrase:
    dozen = _DOZEN.fullmatch(text)
    if dozen:
        return Phrase(dozen["name"].strip(), make_quantity(Decimal(6 if dozen["half"] else 12), None))
    found = _LEADING.fullmatch(text)
    if found:
        quantity = make_quantity(_number(found["number"]), found["unit"])
    elif found := _TRAILING.fullmatch(text):
        quantity = make_quantity(_number(found["number"] or found["times"]), found["unit"])
    else:
        return Phrase(text)
    name = found["name"].strip()
    if quantity is None or _is_ambiguous(found["number"] or "") or not _NAME.match(name) or name.lower() in UNITS:
        return Phrase(text)
    return Phrase(name, quantity)


def _is_ambiguous(number: str) -> bool:
    """Whether `1.000` is one or a thousand depends on the country: then the number stays in the name."""
    return _THOUSANDS.fullmatch(number) is not None


def _number(text: str) -> Decimal:
    for sign, fraction in _VULGAR.items():
        text = text.replace(sign, f" {fraction}")
    total = Decimal(0)
    for part in text.replace(",", ".").split():
        above, _, below = part.partition("/")
        if below and not int(below):
            return Decimal(0)
        total += Decimal(above) / Decimal(below) if below else Decimal(above)
    return total
