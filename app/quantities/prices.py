"""Prices in whole cents."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

CENT: Final = Decimal("0.01")


def to_cents(price: Decimal) -> Decimal:
    """Return a price in whole cents, half a cent rounded up as shops do."""
    return price.quantize(CENT, ROUND_HALF_UP)
