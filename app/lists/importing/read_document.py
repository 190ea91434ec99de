"""Data to import, in any of the formats: what is around them is taken off, and the format is found."""

import re
from typing import Final

from app.errors import Invalid
from app.lists.importing.csv_document import CsvDocument, looks_like_csv
from app.lists.importing.json_document import JsonDocument
from app.lists.importing.models import LONGEST_DATA, Document, Format, Location, Remark, Remarks
from app.lists.importing.text_document import TextDocument
from app.lists.importing.todoist import TodoistDocument, looks_like_todoist

_FENCE: Final = re.compile(r"\A(\s*)```[\w-]*[ \t]*(\r?\n.*)^[ \t]*```\s*\Z", re.DOTALL | re.MULTILINE)
"""A block of code in markdown, which is how assistants hand data on."""

_BOX: Final = re.compile(r"\[[ xX]?\][ \t]")

_DOCUMENTS: Final = {"json": JsonDocument, "csv": CsvDocument, "text": TextDocument}


def refuse_too_long(data: str) -> None:
    """Raise `Invalid` for too many characters."""
    if len(data) > LONGEST_DATA:
        raise Invalid(f"data has {len(data):,} characters; {LONGEST_DATA:,} are the limit.", field="data")


def read_document(data: str, form: Format | None) -> Document:
    """Return data as rows; without a format, it is found. May take a second or two: not for the event loop.

    Raises `Unreadable` for data that can't be split into rows, `Invalid` for too many or none.
    """
    refuse_too_long(data)
    around = Remarks()
    if data.startswith("\ufeff"):
        around.add(Remark(Location(1, 1), "a byte-order mark: leave it out"))
        data = data[1:]
    fence = _FENCE.match(data)
    if fence is not None:
        around.add(
            Remark(Location(fence[1].count("\n") + 1, 1), "the fence of a code block around the data: leave it out")
        )
        data = fence[1] + fence[2]
    if not data.strip():
        raise Invalid("data is empty; give JSON, CSV with a header, or lines such as `2 kg flour`.", field="data")
    found = form or _format_of(data)
    document = TodoistDocument(data) if found == "csv" and looks_like_todoist(data) else _DOCUMENTS[found](data)
    around.extend(document.repairs)
    document.repairs = around
    return document


def _format_of(data: str) -> Format:
    begin = data.lstrip()
    if begin.startswith("{") or (begin.startswith("[") and not _BOX.match(begin)):
        return "json"
    return "csv" if looks_like_todoist(data) or looks_like_csv(data) else "text"
