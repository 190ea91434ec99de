"""Amounts of money and of things in the language of the visit."""

from decimal import Decimal

from app.quantities import Quantity
from app.ui.languages import current_visit

# Babel's numbers are loaded with the first page that shows one: many processes never do.


def money(amount: Decimal, currency: str) -> str:
    """Return an amount as it is written, such as `€1,234.50` or `1.234,50 €`; an unknown currency by its code."""
    from babel.numbers import format_currency

    return format_currency(amount, currency, locale=current_visit().language)


def percentage(share: float) -> str:
    """Return a share as it is written: `85%` or `85 %`."""
    from babel.numbers import format_percent

    return format_percent(share, locale=current_visit().language)


def quantity_text(quantity: Quantity) -> str:
    """Return an amount with its unit as it is written: `1.5 kg` or `1,5 kg`."""
    from babel.numbers import get_decimal_symbol

    text, unit = str(quantity), quantity.unit_word
    number = text if unit is None else text.removesuffix(f" {unit}")
    return number.replace(".", get_decimal_symbol(current_visit().language)) + text[len(number) :]
