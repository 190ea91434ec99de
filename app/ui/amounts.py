"""Amounts of money in the language of the visit."""

from datetime import date
from decimal import Decimal

from app.ui.languages import current_visit

# Babel's numbers are loaded with the first page that shows one: many processes never do.


def money(amount: Decimal, currency: str) -> str:
    """Return an amount as it is written, such as `€1,234.50` or `1.234,50 €`; an unknown currency by its code."""
    from babel.numbers import format_currency

    return format_currency(amount, currency, locale=current_visit().language)


def month_name(month: str) -> str:
    """Return a month such as `2026-11` in words: `November 2026`."""
    from babel.dates import format_date

    return format_date(date.fromisoformat(f"{month}-01"), "LLLL y", locale=current_visit().language)
