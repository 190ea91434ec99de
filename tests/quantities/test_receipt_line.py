"""What is a price at the end of a line, and what is part of a name."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.quantities.receipt_line import ReceiptLine, read_receipt_line


@pytest.mark.parametrize(
    ("text", "name", "price"),
    [
        ("BUTTER 250G 2,49", "BUTTER 250G", "2.49"),
        ("BUTTER 250G 2,49 A", "BUTTER 250G", "2.49"),
        ("BANANEN 1,2 kg 1,79*B", "BANANEN 1,2 kg", "1.79"),
        ("Bread €3", "Bread", "3"),
        ("Bread 3 €", "Bread", "3"),
        ("500 g flour 1,29 EUR", "500 g flour", "1.29"),
        ("Cola 6x1,5l 4,99", "Cola 6x1,5l", "4.99"),
        ("TV 1.299,00", "TV", "1299.00"),
        ("TV $1,299.00", "TV", "1299.00"),
        ("Milk - 2.49", "Milk", "2.49"),
        ("Eggs 12 3.49", "Eggs 12", "3.49"),
        ("Mince 0,512 kg x 9,99 5,11", "Mince 0,512 kg", "5.11"),
        ("DEPOSIT -0,25", "DEPOSIT", "-0.25"),
        ("DEPOSIT 0,25-", "DEPOSIT", "-0.25"),
    ],
)
def test_a_price_stands_at_the_end(text: str, name: str, price: str) -> None:
    assert read_receipt_line(text) == ReceiptLine(name, Decimal(price))


@pytest.mark.parametrize("text", ["Milk 2 x 1.09 2.18", "Milk 2 x 1,09 2,18 A", "Milk 2 × 1.09", "Milk 2*1,09"])
def test_several_of_a_thing_are_counted_and_cost_what_they_cost_together(text: str) -> None:
    assert read_receipt_line(text) == ReceiptLine("Milk", Decimal("2.18"), Decimal(2))


@pytest.mark.parametrize(
    "text",
    [
        "2 x 0,99 APPLES",
        "2x0.99 APPLES",
        "2 x 0,99 APPLES 1,98 A",
        "2 x €0.99 APPLES",
        "2 × 0,99 EUR APPLES 1,98",
    ],
)
def test_a_count_and_the_price_of_one_may_stand_in_front(text: str) -> None:
    assert read_receipt_line(text) == ReceiptLine("APPLES", Decimal("1.98"), Decimal(2))


@pytest.mark.parametrize("text", ["6 x 1,50 l Cola", "2 x 0,33l beer", "2 x 0,99", "0 x 0,99 apples", "2 x 1,5 apples"])
def test_a_size_in_front_is_no_price(text: str) -> None:
    assert read_receipt_line(text) == ReceiptLine(text)
    if text.endswith(("Cola", "beer")):
        assert read_receipt_line(f"{text} 4,99") == ReceiptLine(text, Decimal("4.99"))


@pytest.mark.parametrize("text", ["eggs 12", "milk", "flour 1,5 kg", "7up 1.5", "2,49", "€3", "", "E 330", "Mehl 405"])
def test_what_is_no_price_is_part_of_the_name(text: str) -> None:
    assert read_receipt_line(text) == ReceiptLine(text)


@given(st.text(max_size=300))
def test_no_text_fails(text: str) -> None:
    assert read_receipt_line(text).text.strip() or not text.strip()


@given(
    st.from_regex(r"[A-Za-z][a-z]{2,10}( [a-z]{2,8})?", fullmatch=True),
    st.integers(0, 10**7),
    st.sampled_from([".", ","]),
    st.sampled_from(["", " A", " €", "€", " EUR", " B*"]),
)
def test_a_price_with_cents_is_always_found(name: str, cents: int, separator: str, behind: str) -> None:
    whole, rest = divmod(cents + 1, 100)
    assert read_receipt_line(f"{name} {whole}{separator}{rest:02}{behind}") == ReceiptLine(
        name, Decimal(cents + 1) / 100
    )
