"""SQL on authorization codes."""

from dataclasses import dataclass
from datetime import datetime
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


async def insert_code(connection: Connection, code: Code, now: datetime) -> None:
    """Insert a code."""
    await connection.execute(
        insert(codes).values(
            code_hash=code.code_hash,
            grant_id=code.grant_id,
            redirect_uri=code.redirect_uri,
            code_challenge=code.code_challenge,
            created_at=now,
            expires_at=code.expires_at,
        )
    )


async def lock_code(connection: Connection, code_hash: bytes) -> Code | None:
    """Lock and return the code with that hash, used or not."""
    row = (
        await connection.execute(
            select(
                codes.c.code_hash,
                codes.c.grant_id,
                codes.c.redirect_uri,
                codes.c.code_challenge,
                codes.c.expires_at,
                codes.c.consumed_at,
            )
            .where(codes.c.code_hash == code_hash)
            .with_for_update()
        )
    ).first()
    return None if row is None else Code(*row)


async def consume_code(connection: Connection, code_hash: bytes, now: datetime) -> None:
    """Mark a code as used."""
    await connection.execute(update(codes).where(codes.c.code_hash == code_hash).values(consumed_at=now))
