"""Recording what happens in a transaction, as part of it."""

from collections.abc import Sequence

from app.audit.entry import Entry
from app.audit.repository import insert_with_change
from app.db import Connection


async def record(connection: Connection, entry: Entry) -> None:
    """Store an entry together with what it is about: both are committed, or neither is.

    Protocol failures that change something (a used code, an ended grant) are committed too, and so are their entries.
    """
    await insert_with_change(connection, [entry])


async def record_all(connection: Connection, entries: Sequence[Entry]) -> None:
    """The same for several entries, or for none."""
    if entries:
        await insert_with_change(connection, entries)
