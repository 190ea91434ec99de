"""Data as an import reads them, without a database."""

from typing import Any

from app.lists.importing.models import Document, Entry, Format, Remark, Unreadable
from app.lists.importing.read_document import read_document
from app.lists.importing.rows import RowReader
from app.runtime.progress import STEP

Told = tuple[int, int, str | None]
"""Line, column, and field."""


def read_rows(document: Document) -> RowReader:
    """All rows of a document."""
    reader = RowReader(document)
    for start in range(0, len(document.rows), STEP):
        reader.read(start)
    return reader


def read(data: str, form: Format | None = None) -> tuple[Document, list[Entry]]:
    """The document and the entries of data without a fault."""
    document = read_document(data, form)
    reader = read_rows(document)
    assert (reader.faults.shown, document.faults.shown, reader.failed) == ([], [], 0)
    return document, reader.entries


def faults_in(data: str, form: Format | None = None) -> list[Remark]:
    """What is wrong with data, in the order in which an answer says it."""
    try:
        document = read_document(data, form)
        faults = document.faults
        faults.extend(document.locate(read_rows(document).faults))
    except Unreadable as unreadable:
        return [unreadable.remark]
    return faults.shown


def told(remarks: list[Remark]) -> list[Told]:
    """Where remarks are, and about which column."""
    return [(each.location.line, each.location.column, each.field) for each in remarks]


def items_in(data: str, form: Format | None = None) -> list[dict[str, Any]]:
    """What the entries of data say, without what is not set."""
    _, entries = read(data, form)
    return [described(each) for each in entries]


def described(entry: Entry) -> dict[str, Any]:
    """What an entry says."""
    item = entry.item
    values: dict[str, Any] = {"name": item.name, **item.details()}
    if item.quantity is not None:
        values["quantity"] = str(item.quantity)
    if entry.assignee is not None:
        values["assignee"] = entry.assignee
    if entry.is_checked:
        values["checked"] = entry.checked_at or True
    return values
