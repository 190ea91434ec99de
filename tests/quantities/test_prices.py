"""One rounding for all prices."""

from decimal import Decimal

import pytest

from app.lists.items.fields import parse_price
from app.quantities.prices import to_cents


@pytest.mark.parametrize(
    ("price", "cents"),
    [("0.125", "0.13"), ("0.135", "0.14"), ("2.675", "2.68"), ("0.124999", "0.12"), ("0.005", "0.01"), ("3", "3.00")],
)
def test_half_a_cent_is_rounded_up_wherever_a_price_comes_from(price: str, cents: str) -> None:
    assert to_cents(Decimal(price)) == Decimal(cents)
    assert parse_price(Decimal(price), "price") == Decimal(cents)
    assert str(parse_price(Decimal(price), "price")) == cents
