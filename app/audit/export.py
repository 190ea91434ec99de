"""The record as text, to keep or look through elsewhere."""

import csv
import io
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal
from uuid import UUID

from app.audit import repository
from app.audit.models import FIELDS, AuditEntry
from app.db import Engine, transaction

Format = Literal["jsonl", "csv"]
COLUMNS: Final = (*FIELDS, "seal_no", "seal")
PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Period:
    """A time: `since` is in it, `until` is not; None for no end."""

    since: datetime | None = None
    until: datetime | None = None


async def export(engine: Engine, period: Period, format: Format) -> AsyncGenerator[str]:
    """The entries of a time in lines, a page at a time; in the order in which they were made, but for those of the same
    millisecond.

    `jsonl`: an object each, without absent fields. `csv`: with a line of names first. Times are in UTC, seals in
    hexadecimal. Raises `Unavailable` when the database is away.
    """
    if format == "csv":
        yield _csv_line(COLUMNS)
    after: UUID | None = None
    while True:
        async with transaction(engine) as connection:
            page = await repository.find_entries(connection, period.since, period.until, after, PAGE)
        if not page:
            return
        after = page[-1][0].id
        for entry, no, seal in page:
            values = [*_values(entry), no, None if seal is None else seal.hex()]
            yield _csv_line(values) if format == "csv" else _json_line(values)


def _values(entry: AuditEntry) -> list[str | int | None]:
    return [_plain(getattr(entry, name)) for name in FIELDS]


def _plain(value: object) -> str | int | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value if value is None or isinstance(value, int) else str(value)


def _json_line(values: list[str | int | None]) -> str:
    present = {name: value for name, value in zip(COLUMNS, values, strict=True) if value is not None}
    return json.dumps(present) + "\n"


def _csv_line(values: list[str | int | None] | tuple[str, ...]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(values)
    return line.getvalue()
