"""What export_list writes is read again without loss: every field, to the last digit and the last line end."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid
from app.lists.export_forms import COLUMNS, FORMS, Format
from app.lists.importing.models import Entry
from app.lists.items.fields import LABEL_LENGTH, NAME_LENGTH, NOTE_LENGTH, parse_label, parse_name, parse_note
from app.lists.models import ShoppingList
from app.quantities import LARGEST, UNITS, Quantity, make_quantity, parse_phrase
from tests.lists.importing.reading import read

LIST: Final = ShoppingList(UUID(int=1), 1, "Groceries", 0)

ALPHABET: Final = st.one_of(
    st.sampled_from(list("=+-@'\"“”„,;|\t\n\r\\`*_[](){}#<>!&%😀👩‍🌾é́ß½0123456789 ")), st.characters(codec="utf-8")
)


def written(form: Format, rows: Iterable[Mapping[str, str]]) -> str:
    """A list with these cells as `export_list` writes it."""
    return FORMS[form].text(LIST, map(FORMS[form].item, rows))


def cleaned(text: str, parse: Callable[[str, str], str]) -> str | None:
    """A text as it is stored; None for one that isn't."""
    try:
        return parse(text, "text")
    except Invalid:
        return None


def texts(longest: int, parse: Callable[[str, str], str]) -> st.SearchStrategy[str]:
    """Texts that may be stored, of every kind of character, many of them odd; a letter in place of any other text."""
    raw = st.text(ALPHABET, min_size=1, max_size=min(longest, 60))
    return raw.map(lambda text: cleaned(text, parse) or "x")


NUMBERS: Final = st.decimals(Decimal("0.000001"), Decimal(10) ** 11, places=6)
UNIT_NAMES: Final = st.none() | st.sampled_from(sorted(UNITS)) | texts(LABEL_LENGTH, parse_label)
QUANTITIES: Final = st.builds(make_quantity, NUMBERS, UNIT_NAMES).filter(lambda quantity: quantity is not None)
SUMS: Final = st.lists(QUANTITIES, min_size=1, max_size=4).map(
    lambda all: sum_of([each for each in all if each is not None])
)
TIMES: Final = st.datetimes(timezones=st.just(UTC))


def sum_of(quantities: list[Quantity]) -> Quantity:
    """The sum of the amounts that have the measure of the first, as merging makes it."""
    total = quantities[0]
    for each in quantities[1:]:
        if each.measure == total.measure and total.amount + each.amount <= LARGEST:
            total = total.plus(each)
    return total


ITEMS: Final = st.fixed_dictionaries(
    {"name": texts(NAME_LENGTH, parse_name)},
    optional={
        "quantity": SUMS,
        "note": texts(NOTE_LENGTH, parse_note),
        "category": texts(LABEL_LENGTH, parse_label),
        "store": texts(LABEL_LENGTH, parse_label),
        "assignee": texts(LABEL_LENGTH, parse_label),
        "priority": st.sampled_from(["low", "high"]),
        "price": st.decimals(0, Decimal("9999999999"), places=2),
        "not_before": st.dates(date(2000, 1, 1)),
        "repeat_every_days": st.integers(1, 3650),
        "checked_at": TIMES,
    },
)


def exported(item: dict[str, Any]) -> dict[str, str]:
    """An item as export_list writes it."""
    values = {name: value for name, value in item.items() if name != "quantity"}
    quantity: Quantity | None = item.get("quantity")
    if quantity is not None:
        values |= {"quantity": quantity.shown, "measure": quantity.measure, "amount": quantity.amount}
        values |= {} if quantity.unit is None else {"unit": quantity.unit}
    return {name: as_text(values[name]) for name in COLUMNS if name in values}


def as_text(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else str(value)


def imported(entry: Entry) -> dict[str, Any]:
    """What an import stores of an entry, in the words of an export."""
    values = {**entry.item.details(), "name": entry.item.name, "checked_at": entry.checked_at}
    values |= {"assignee": entry.assignee, "repeat_every_days": values.pop("repeat_days", None)}
    assert entry.is_checked == (entry.checked_at is not None)
    return {name: value for name, value in values.items() if value is not None}


@pytest.mark.anyio
@given(st.lists(ITEMS, min_size=1, max_size=5))
async def test_json_and_csv_are_read_back_without_loss(items: list[dict[str, Any]]) -> None:
    rows = [exported(item) for item in items]
    for text in (written("json", rows), written("csv", rows)):
        document, entries = read(text)
        assert [imported(entry) for entry in entries] == items
        assert document.repairs.count == 0


@pytest.mark.anyio
@given(st.lists(ITEMS, min_size=1, max_size=5))
async def test_markdown_keeps_the_lines_and_what_is_checked(items: list[dict[str, Any]]) -> None:
    """Which part of a line is its amount, its name and its note is read as in add_items."""
    rows = [exported(item) for item in items]
    _, entries = read(written("markdown", map(for_reading, rows)), "text")
    lines = [line_of(row) for row in rows]
    phrases = [parse_phrase(line) for line in lines]
    assert [(entry.item.name, entry.item.note) for entry in entries] == [(each.name, each.note) for each in phrases]
    assert [entry.is_checked for entry in entries] == ["checked_at" in item for item in items]


def for_reading(row: dict[str, str]) -> dict[str, str]:
    amount = " ".join(row[name] for name in ("quantity", "unit") if name in row)
    return {**row, "amount": amount} if amount else row


def line_of(row: dict[str, str]) -> str:
    note = f"({row['note']})" if "note" in row else ""
    parts = [" ".join(row[name] for name in ("quantity", "unit") if name in row), row["name"], note]
    return " ".join(" ".join(parts).split())


@pytest.mark.anyio
async def test_each_unit_is_read_back_as_itself() -> None:
    for unit in [None, *UNITS]:
        quantity = make_quantity(Decimal("1.5"), unit)
        assert quantity is not None
        (entry,) = read(written("csv", [exported({"name": "x", "quantity": quantity})]))[1]
        assert entry.item.quantity == quantity


def test_a_time_in_another_zone_is_the_same_moment() -> None:
    moment = datetime(2026, 11, 21, 13, 0, 0, 123456, timezone(timedelta(hours=5, minutes=30)))
    (entry,) = read(f"name,checked_at\nmilk,{moment.isoformat()}\n")[1]
    assert entry.checked_at == moment
