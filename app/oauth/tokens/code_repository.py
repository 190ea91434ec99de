"""SQL on authorization codes."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import insert, select, update

from app.db import Connection
from app.oauth.tables import codes


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code, by its hash."""

    code_hash: bytes
    grant_id: UUID
    redirect_uri: str
    code_challenge: str
    expires_at: datetime
    consumed_at: datetime | None


_COLUMNS: Final = tuple(codes.c[each.name] for each in fields(Code))


async def insert_code(connection: Connection, code: Code, now: datetime) -> None:
    """Insert a code."""
    await connection.execute(insert(codes).values({**asdict(code), "created_at": now}))


async def lock_code(connection: Connection, code_hash: bytes) -> Code | None:
    """Lock and return the code with that hash, used or not."""
    row = (await connection.execute(select(*_COLUMNS).where(codes.c.code_hash == code_hash).with_for_update())).first()
    return None if row is None else Code(*row)


async def consume_code(connection: Connection, code_hash: bytes, now: datetime) -> None:
    """Mark a code as used."""
    await connection.execute(update(codes).where(codes.c.code_hash == code_hash).values(consumed_at=now))
