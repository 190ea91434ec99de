"""The audit record as text, for keeping or searching elsewhere."""

import csv
import io
import json
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from typing import Final, Literal

from app.audit import repository
from app.audit.models import FIELDS, AuditEntry
from app.db import Engine, transaction

Format = Literal["jsonl", "csv"]
COLUMNS: Final = (*FIELDS, "seal_no", "seal")
PAGE: Final = 1_000


async def export(engine: Engine, since: datetime | None, until: datetime | None, format: Format) -> AsyncGenerator[str]:
    """Yield the entries from `since` until before `until` as lines, a page at a time, by the millisecond they were made
    in; None leaves that end open.

    `jsonl`: an object each, without absent fields. `csv`: with a header. Times are in UTC, MACs in hexadecimal. Raises
    `Unavailable` when the database can't be reached.
    """
    if format == "csv":
        yield _csv_line(COLUMNS)
    last: AuditEntry | None = None
    while True:
        async with transaction(engine) as connection:
            page = await repository.find_entries(connection, since, until, last, PAGE)
        if not page:
            return
        last = page[-1][0]
        for entry, no, mac in page:
            values = [*(_plain(getattr(entry, name)) for name in FIELDS), no, None if mac is None else mac.hex()]
            yield _csv_line(values) if format == "csv" else _json_line(values)


def _plain(value: object) -> str | int | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value if value is None or isinstance(value, int) else str(value)


def _json_line(values: Sequence[str | int | None]) -> str:
    present = {name: value for name, value in zip(COLUMNS, values, strict=True) if value is not None}
    return json.dumps(present) + "\n"


def _csv_line(values: Sequence[str | int | None]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(values)
    return line.getvalue()
