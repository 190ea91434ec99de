"""SQL on the audit record and its chain."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from asyncpg import Record
from sqlalchemy import Row, delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql.base import PGDialect

from app.audit.chain import CHAINED_FIELDS, ChainedEntry, ChainLink, StoredChain
from app.audit.models import FIELDS, AuditEntry
from app.audit.tables import audit_chain, audit_events
from app.db import Connection, lowest_id
from app.db.engine import Driver

APART_SECONDS: Final = 86_400
"""How far an entry's id and its time may be apart: more than the clocks of two processes ever are."""

_TYPES: Final = [f"{audit_events.c[name].type.compile(PGDialect())}[]" for name in FIELDS]

# An entry that is stored already, because the reply to its COMMIT was lost, is left alone.
_ADD: Final = (
    f"INSERT INTO audit_events ({', '.join(FIELDS)}) SELECT * FROM unnest("  # noqa: S608
    + ", ".join(f"${number}::{kind}" for number, kind in enumerate(_TYPES, 1))
    + ") ON CONFLICT (id) DO NOTHING"
)
_UNCHAINED: Final = f"""
    SELECT {", ".join(CHAINED_FIELDS)} FROM audit_events WHERE seal_no IS NULL ORDER BY at, id LIMIT $1
"""  # noqa: S608
_CHAIN: Final = """
    UPDATE audit_events SET seal_no = given.no, seal = given.seal
    FROM unnest($1::uuid[], $2::bigint[], $3::bytea[]) AS given (id, no, seal)
    WHERE audit_events.id = given.id AND audit_events.seal_no IS NULL
"""


async def record(connection: Connection, entry: AuditEntry) -> None:
    """Store an entry in the transaction of what it is about, so that both are committed or neither is.

    Protocol failures that change something (a used code, a revoked grant) are committed too, and so are their entries.
    """
    await record_all(connection, [entry])


async def record_all(connection: Connection, entries: Sequence[AuditEntry]) -> None:
    """Store any number of entries in the transaction of what they are about."""
    if entries:
        await connection.execute(
            insert(audit_events), [{name: getattr(entry, name) for name in FIELDS} for entry in entries]
        )


async def insert_entries(driver: Driver, entries: Sequence[AuditEntry]) -> None:
    """Store many entries in one statement; those already stored stay as they are."""
    columns = [[getattr(entry, name) for entry in entries] for name in FIELDS]
    await driver.execute(_ADD, *columns)


async def find_unchained(driver: Driver, limit: int) -> list[Record]:
    """Return the oldest visible entries without a place in the chain, their values in the order of CHAINED_FIELDS.

    Rows and not `AuditEntry`, because making those would be a fifth of what chaining costs.
    """
    return await driver.fetch(_UNCHAINED, limit)


async def count_unchained(connection: Connection) -> tuple[int, datetime | None]:
    """Return how many entries have no place in the chain, and the time of the oldest."""
    query = select(func.count(), func.min(audit_events.c.at)).where(audit_events.c.seal_no.is_(None))
    count, oldest = (await connection.execute(query)).one()
    return count, oldest


async def store_links(driver: Driver, entries: Sequence[Record], links: Sequence[ChainLink]) -> int:
    """Store the number and MAC of each entry; return how many entries had none before."""
    ids, numbers = [entry["id"] for entry in entries], [link.no for link in links]
    tag: str = await driver.execute(_CHAIN, ids, numbers, [link.mac for link in links])
    return int(tag.rpartition(" ")[2])


async def find_chained(connection: Connection, after: int, limit: int) -> list[ChainedEntry]:
    """Return entries with a number above `after`, in the order of the chain."""
    query = select(audit_events).where(audit_events.c.seal_no > after).order_by(audit_events.c.seal_no).limit(limit)
    return [ChainedEntry(_entry(row), row.seal_no, row.seal) for row in await connection.execute(query)]


async def find_stray(connection: Connection, after: int) -> int | None:
    """Return the lowest number that is not above `after`: of an entry that should have been deleted."""
    query = select(func.min(audit_events.c.seal_no)).where(audit_events.c.seal_no <= after)
    return (await connection.execute(query)).scalar_one()


async def find_entries(
    connection: Connection, since: datetime | None, until: datetime | None, after: AuditEntry | None, limit: int
) -> list[tuple[AuditEntry, int | None, bytes | None]]:
    """Return entries from `since` until before `until` with number and MAC, by id, which is nearly by time."""
    query = select(audit_events).order_by(audit_events.c.id).limit(limit)
    # Also by id, because `at` has no index: a page of a short period would read the whole record.
    if since is not None:
        first = lowest_id(since.timestamp() - APART_SECONDS)
        query = query.where(audit_events.c.at >= since, audit_events.c.id >= first)
    if until is not None:
        end = lowest_id(until.timestamp() + APART_SECONDS)
        query = query.where(audit_events.c.at < until, audit_events.c.id < end)
    if after is not None:
        query = query.where(audit_events.c.id > after.id)
    return [(_entry(row), row.seal_no, row.seal) for row in await connection.execute(query)]


async def delete_chained(connection: Connection, up_to: int) -> None:
    """Delete the entries up to a number."""
    await connection.execute(delete(audit_events).where(audit_events.c.seal_no <= up_to))


async def find_chain(connection: Connection) -> StoredChain | None:
    """Return the row of the chain."""
    row = (await connection.execute(select(audit_chain))).first()
    if row is None:
        return None
    anchor, head = ChainLink(row.anchor_no, row.anchor_seal), ChainLink(row.head_no, row.head_seal)
    return StoredChain(row.sealed_key, anchor, head, row.mac)


async def insert_chain(connection: Connection, stored: StoredChain) -> None:
    """Store the row of a new chain."""
    await connection.execute(insert(audit_chain).values(id=1, **_chain_values(stored)))


async def update_chain(connection: Connection, stored: StoredChain) -> None:
    """Replace the row of the chain."""
    await connection.execute(update(audit_chain).values(_chain_values(stored)))


async def read_one_snapshot(connection: Connection) -> None:
    """Make the whole transaction read one state of the database; called before anything is read."""
    await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


def _chain_values(stored: StoredChain) -> dict[str, Any]:
    return {
        "sealed_key": stored.encrypted_key,
        "anchor_no": stored.anchor.no,
        "anchor_seal": stored.anchor.mac,
        "head_no": stored.head.no,
        "head_seal": stored.head.mac,
        "mac": stored.mac,
    }


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(**{name: getattr(row, name) for name in FIELDS})
