"""SQL on the record and its chain."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, delete, func, insert, select, text, update

from app.audit.chain import ChainLink, StoredChain
from app.audit.models import FIELDS, AuditEntry, SealedEntry
from app.audit.tables import audit_chain, audit_events
from app.db import Connection, lowest_id
from app.db.driver import Driver

APART_SECONDS: Final = 86_400
"""An entry's id is of its moment, give or take this; clocks of processes differ by less."""

_ENTRY: Final = [audit_events.c[name] for name in FIELDS]
_TYPES: Final = {"at": "timestamptz", "duration_ms": "integer", "touched": "integer", "times": "integer"}


def _type_of(name: str) -> str:
    return _TYPES.get(name, "uuid" if name == "id" or (name.endswith("_id") and name != "client_id") else "text")


# An entry that was stored already, before the answer to COMMIT was lost, is left alone.
_ADD: Final = (
    f"INSERT INTO audit_events ({', '.join(FIELDS)}) SELECT * FROM unnest("  # noqa: S608
    + ", ".join(f"${number}::{_type_of(name)}[]" for number, name in enumerate(FIELDS, 1))
    + ") ON CONFLICT (id) DO NOTHING"
)
_UNSEALED: Final = f"SELECT {', '.join(FIELDS)} FROM audit_events WHERE seal_no IS NULL ORDER BY at, id LIMIT $1"  # noqa: S608
_SEAL: Final = """
    UPDATE audit_events SET seal_no = given.no, seal = given.seal
    FROM unnest($1::uuid[], $2::bigint[], $3::bytea[]) AS given (id, no, seal)
    WHERE audit_events.id = given.id AND audit_events.seal_no IS NULL
"""


async def insert_with_change(connection: Connection, entries: Sequence[AuditEntry]) -> None:
    """Store entries in the transaction of what they are about."""
    rows = [{name: getattr(entry, name) for name in FIELDS} for entry in entries]
    await connection.execute(insert(audit_events), rows)


async def insert_entries(driver: Driver, entries: Sequence[AuditEntry]) -> None:
    """Store many entries in one statement; those that are there already stay as they are."""
    columns = [[getattr(entry, name) for entry in entries] for name in FIELDS]
    await driver.execute(_ADD, *columns)


async def find_unsealed(driver: Driver, limit: int) -> list[AuditEntry]:
    """Entries without a seal that are visible now, the oldest first."""
    return [AuditEntry(**dict(row.items())) for row in await driver.fetch(_UNSEALED, limit)]


async def oldest_unsealed(connection: Connection) -> tuple[int, datetime | None]:
    """How many entries have no seal, and when the oldest of them happened."""
    query = select(func.count(), func.min(audit_events.c.at)).where(audit_events.c.seal_no.is_(None))
    count, oldest = (await connection.execute(query)).one()
    return count, oldest


async def set_seals(driver: Driver, seals: Sequence[tuple[UUID, int, bytes]]) -> int:
    """Give entries (id) their numbers and seals; how many of them had none and have them now."""
    columns = [list(column) for column in zip(*seals, strict=True)]
    tag: str = await driver.execute(_SEAL, *columns)
    return int(tag.rpartition(" ")[2])


async def find_sealed(connection: Connection, after: int, limit: int) -> list[SealedEntry]:
    """Sealed entries with a number above `after`, in the order of the chain."""
    query = _sealed().where(audit_events.c.seal_no > after).order_by(audit_events.c.seal_no).limit(limit)
    return [_sealed_entry(row) for row in await connection.execute(query)]


async def find_stray(connection: Connection, after: int) -> int | None:
    """The number of a sealed entry that is not above `after`: of one that should have been deleted."""
    query = select(func.min(audit_events.c.seal_no)).where(audit_events.c.seal_no <= after)
    return (await connection.execute(query)).scalar_one()


async def find_entries(
    connection: Connection, since: datetime | None, until: datetime | None, after: UUID | None, limit: int
) -> list[tuple[AuditEntry, int | None, bytes | None]]:
    """Entries of a time (`since` included, `until` not) with number and seal, by id, which is nearly by time."""
    query = _sealed().order_by(audit_events.c.id).limit(limit)
    # Besides by id, because `at` has no index: a page of a short time would read the whole record.
    if since is not None:
        first = lowest_id(since.timestamp() - APART_SECONDS)
        query = query.where(audit_events.c.at >= since, audit_events.c.id >= first)
    if until is not None:
        end = lowest_id(until.timestamp() + APART_SECONDS)
        query = query.where(audit_events.c.at < until, audit_events.c.id < end)
    if after is not None:
        query = query.where(audit_events.c.id > after)
    return [(_entry(row), row.seal_no, row.seal) for row in await connection.execute(query)]


async def delete_sealed(connection: Connection, up_to: int) -> None:
    """Delete the entries up to a number."""
    await connection.execute(delete(audit_events).where(audit_events.c.seal_no <= up_to))


async def find_chain(connection: Connection) -> StoredChain | None:
    """The row of the chain."""
    row = (await connection.execute(select(audit_chain))).first()
    if row is None:
        return None
    return StoredChain(
        row.sealed_key, ChainLink(row.anchor_no, row.anchor_seal), ChainLink(row.head_no, row.head_seal), row.mac
    )


async def insert_chain(connection: Connection, stored: StoredChain) -> None:
    """Store the row of a new chain."""
    await connection.execute(insert(audit_chain).values(id=1, **_chain_values(stored)))


async def update_chain(connection: Connection, stored: StoredChain) -> None:
    """Store the row of the chain again."""
    await connection.execute(update(audit_chain).values(_chain_values(stored)))


async def see_one_moment(connection: Connection) -> None:
    """Make everything that this transaction reads be of one moment; to be called before anything is read."""
    await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


def _chain_values(stored: StoredChain) -> dict[str, Any]:
    return {
        "sealed_key": stored.sealed_key,
        "anchor_no": stored.anchor.no,
        "anchor_seal": stored.anchor.seal,
        "head_no": stored.head.no,
        "head_seal": stored.head.seal,
        "mac": stored.mac,
    }


def _sealed() -> Any:
    return select(*_ENTRY, audit_events.c.seal_no, audit_events.c.seal)


def _sealed_entry(row: Row[Any]) -> SealedEntry:
    return SealedEntry(_entry(row), row.seal_no, row.seal)


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(**{name: getattr(row, name) for name in FIELDS})


async def record(connection: Connection, entry: AuditEntry) -> None:
    """Store an entry together with what it is about: both are committed, or neither is.

    Protocol failures that change something (a used code, an ended grant) are committed too, and so are their entries.
    """
    await insert_with_change(connection, [entry])


async def record_all(connection: Connection, entries: Sequence[AuditEntry]) -> None:
    """The same for several entries, or for none."""
    if entries:
        await insert_with_change(connection, entries)
