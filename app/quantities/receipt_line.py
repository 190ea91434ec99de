"""A line of a receipt: what was bought, and what was paid for it: `BUTTER 250G 2,49`, `Milk 2 x 1.09 2.18 A`."""

import re
from decimal import Decimal
from typing import Final, NamedTuple

from app.quantities.amounts import read_unit
from app.quantities.line import Line
from app.quantities.numbers import Number, read_number
from app.quantities.prices import to_cents
from app.text import fold

_CURRENCY_SIGNS: Final = "€$£¥₣"
_CURRENCY_WORDS: Final = frozenset({"eur", "euro", "usd", "gbp", "chf", "fr"})
_TIMES: Final = "x×*"
_MINUS: Final = "-–−"
_MOST_BEHIND: Final = 3
"""Tokens behind a price: a currency, the letter of a tax rate, a star."""

_LONGEST_PRICE: Final = 8
"""Tokens of a price with what is behind it."""

_LONGEST_COUNT: Final = 3

_FEWEST_IN_FRONT: Final = 4
"""Tokens of a count, `x`, a price and a name."""

_SUMS: Final = frozenset(
    {
        *("total", "subtotal", "sub total", "grand total", "sum", "amount due", "balance due", "balance", "to pay"),
        *("cash", "change", "change due", "visa", "mastercard", "maestro", "girocard", "ec", "tax", "sales tax", "vat"),
        *("summe", "zwischensumme", "gesamt", "gesamtsumme", "gesamtbetrag", "betrag", "zu zahlen", "bar", "gegeben"),
        *("bar gegeben", "gegeben bar", "ruckgeld", "kartenzahlung", "mwst", "ust"),
        *("sous total", "total ttc", "montant", "a payer", "net a payer", "especes", "rendu", "carte bancaire", "tva"),
        *("importe", "importe total", "total a pagar", "a pagar", "efectivo", "cambio", "iva"),
    }
)
"""What stands on receipts below the things that were bought, folded and without signs."""

_OF_THE_LINE_ABOVE: Final = frozenset({"x", "stk", "stck", "st", "pc", "pcs", "ea", "a"})
"""Of `2 Stk x 0,99`, which says how many there are of what the line above names."""


class ReceiptLine(NamedTuple):
    """A line without its price; `price` is of the whole line, below zero for a refund, None where there is none.

    `number` is how many there were of what is named, where the line multiplies it by the price of one.
    """

    text: str
    price: Decimal | None = None
    number: Decimal | None = None


def is_of_no_thing(text: str) -> bool:
    """Return whether a text without its price names nothing that was bought: the total, what was paid and given back,
    taxes, or how many there are of what the line above names."""
    words = re.findall(r"[^\W\d_]+", fold(text))
    return " ".join(words) in _SUMS or _OF_THE_LINE_ABOVE.issuperset(words)


def read_receipt_line(text: str) -> ReceiptLine:
    """Split the price off the end of a line. Only a number with cents, or beside a currency, is one: `eggs 12` has
    none."""
    line = Line(text)
    found = _price_before(line, len(line))
    front = _count_in_front(line)
    if front is not None and (found is None or front.end < found[1]):  # `2 x 0,99 APPLES`
        name = line.rest(front.end) if found is None else line.between(front.end, found[1])
        return ReceiptLine(name, to_cents(front.price * front.number) if found is None else found[0], front.number)
    if found is None:
        return ReceiptLine(text)
    price, start = found
    times = _times_before(line, start)
    if times is not None and times.number is not None:  # `2 x 1,09`: what stands at the end is the price of one
        price = to_cents(price * times.number)
    elif (of_one := _price_before(line, start)) is not None:
        times = _times_before(line, of_one[1])
    name = line.between(0, start if times is None else times.start)
    return ReceiptLine(name, price, times and times.number) if any(map(str.isalnum, name)) else ReceiptLine(text)


def _price_before(line: Line, end: int) -> tuple[Decimal, int] | None:
    """Return the price that ends before an index, but for a currency and the mark of a tax rate, and where it
    starts; the name of what was bought stands before it."""
    for start in range(end - 1, max(end - _LONGEST_PRICE, 0), -1):
        number = read_number(line, start) if line.tokens[start].kind == "digits" else None
        if number is None or number.end > end or end - number.end > _MOST_BEHIND:
            continue
        glued = line.at(start - 1)
        if glued is not None and glued.is_sign(".,"):
            continue  # the cents of `2,49`
        if not _is_price(line, start, number, end):
            return None
        return _signed(line, start, number, end)
    return None


def _is_price(line: Line, start: int, number: Number, end: int) -> bool:
    before = line.at(start - 1) if start else None
    has_currency = before is not None and _is_currency(before.text, before.key)
    for index in range(number.end, end):
        token = line.tokens[index]
        if _is_currency(token.text, token.key):
            has_currency = True
        elif not (token.text == "*" or token.is_sign(_MINUS) or (token.kind == "word" and len(token.text) == 1)):
            return False
    digits = line.between(start, number.end)
    has_cents = len(digits) > 3 and digits[-3] in ".," and number.value == to_cents(number.value)
    return has_cents or (has_currency and number.value == to_cents(number.value))


def _signed(line: Line, start: int, number: Number, end: int) -> tuple[Decimal, int]:
    """Return a price with its sign, and where it starts with its currency: `-0,25`, `0,25-`."""
    price = number.value
    behind = line.at(number.end)
    if behind is not None and number.end < end and behind.is_sign(_MINUS):
        price = -price
    while start > 1 and _is_currency(line.tokens[start - 1].text, line.tokens[start - 1].key):
        start -= 1
    sign = line.tokens[start - 1]
    if start > 1 and sign.is_sign(_MINUS) and sign.spaced:
        is_dash = line.tokens[start].spaced  # `Milk - 2,49`
        return (price if is_dash else -price), start - 1
    return price, start


class _Times(NamedTuple):
    """`2 x` before a price, and where it starts; without a number, only the sign belongs to it."""

    number: Decimal | None
    start: int


def _times_before(line: Line, end: int) -> _Times | None:
    if end < 2 or line.tokens[end - 1].text.lower() not in _TIMES:
        return None
    digits = line.tokens[end - 2]
    if digits.kind != "digits" or len(digits.text) > _LONGEST_COUNT or not digits.spaced or int(digits.text) == 0:
        return _Times(None, end - 1)
    return _Times(Decimal(digits.text), end - 2)


class _Front(NamedTuple):
    """How many there were and the price of one, before the name, which begins at `end`."""

    number: Decimal
    price: Decimal
    end: int


def _count_in_front(line: Line) -> _Front | None:
    """Read `2 x 0,99` in front of a name; the number of `2 x 0,33 l` is a size, but with a currency it is a price."""
    if len(line) < _FEWEST_IN_FRONT or line.tokens[1].text.lower() not in _TIMES:
        return None
    digits = line.tokens[0]
    if digits.kind != "digits" or len(digits.text) > _LONGEST_COUNT or int(digits.text) == 0:
        return None
    start = 3 if _is_currency(line.tokens[2].text, line.tokens[2].key) else 2
    number = read_number(line, start)
    if number is None:
        return None
    end = number.end
    behind = line.at(end)
    if behind is not None and _is_currency(behind.text, behind.key):
        end += 1
    if not _is_price(line, start, number, end) or line.at(end) is None:
        return None
    if start == 2 and end == number.end and read_unit(line, end, number.value) is not None:
        return None
    return _Front(Decimal(digits.text), number.value, end) if any(map(str.isalnum, line.rest(end))) else None


def _is_currency(text: str, key: str) -> bool:
    return text in _CURRENCY_SIGNS or key in _CURRENCY_WORDS
