"""The resource with sample data: rows to try an import with, the same at every reading."""

import csv
import io
from typing import Final

from mcp.shared.uri_template import UriTemplate

from app.errors import NotFound
from app.lists.importing.models import MOST_ROWS
from app.mcp.resources.spec import PublicResource, Variables

HEADER: Final = ("name", "quantity", "unit", "category", "store", "price", "note")
_THINGS: Final = (
    ("flour", "kg", "bakery", 89),
    ("milk", "l", "dairy", 119),
    ("Käse", "g", "dairy", 249),
    ("eggs", "", "dairy", 35),
    ("crème fraîche", "g", "dairy", 99),
    ("tomatoes", "kg", "vegetables", 299),
    ("bread, sliced", "", "bakery", 179),
    ("aceite de oliva", "ml", "pantry", 899),
    ('nails 2"', "", "hardware", 4),
    ("coffee", "g", "pantry", 699),
    ("Äpfel", "kg", "fruit", 229),
)
_KINDS: Final = ("", "organic", "small", "large", "for the weekend", "on offer", "plain")
_STORES: Final = ("", "Market", "Corner shop", "Depot")


def read_sample(variables: Variables) -> str:
    """Return CSV (RFC 4180) with a header and so many rows. Raises `NotFound` for a number out of bounds."""
    rows = variables["rows"]
    if not (rows.isascii() and rows.isdecimal() and 1 <= int(rows) <= MOST_ROWS and str(int(rows)) == rows):
        raise NotFound(f"rows must be a number from 1 to {MOST_ROWS:,}.")
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(HEADER)
    table.writerows(_row(number) for number in range(int(rows)))
    return text.getvalue()


def _row(number: int) -> tuple[str, ...]:
    """Return a row whose columns repeat at different distances, so that it differs from those around it."""
    name, unit, category, cents = _THINGS[number % len(_THINGS)]
    round_no = number // len(_THINGS)
    quantity = 1 + number % 9
    return (
        f"{name} {round_no}" if round_no else name,
        str(quantity * 50 if unit in ("g", "ml") else quantity),
        unit,
        category,
        _STORES[number % len(_STORES)],
        "" if number % 5 == 0 else f"{(cents * quantity) / 100:.2f}",
        _KINDS[number % len(_KINDS)],
    )


SAMPLE: Final = PublicResource(
    template=UriTemplate.parse("shopping://sample/{rows}"),
    name="sample",
    title="Sample data",
    description="CSV to try things with: 1 to 5,000 rows of made-up items, always the same.",
    icon="sample",
    mime_type="text/csv",
    read=read_sample,
)
