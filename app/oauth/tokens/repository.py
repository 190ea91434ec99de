"""SQL on authorization codes, and on refresh tokens and their families."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import insert, select, update

from app.db import Connection
from app.oauth.tables import codes, refresh_families, refresh_tokens


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code, by its hash."""

    code_hash: bytes
    grant_id: UUID
    redirect_uri: str
    code_challenge: str
    expires_at: datetime
    consumed_at: datetime | None


_CODE_COLUMNS: Final = tuple(codes.c[each.name] for each in fields(Code))


async def insert_code(connection: Connection, code: Code, now: datetime) -> None:
    """Insert a code."""
    await connection.execute(insert(codes).values({**asdict(code), "created_at": now}))


async def lock_code(connection: Connection, code_hash: bytes) -> Code | None:
    """Lock and return the code with that hash, used or not."""
    row = (
        await connection.execute(select(*_CODE_COLUMNS).where(codes.c.code_hash == code_hash).with_for_update())
    ).first()
    return None if row is None else Code(*row)


async def consume_code(connection: Connection, code_hash: bytes, now: datetime) -> None:
    """Mark a code as used."""
    await connection.execute(update(codes).where(codes.c.code_hash == code_hash).values(consumed_at=now))


@dataclass(frozen=True, slots=True)
class Family:
    """The refresh tokens of one grant: the generation of the newest, and when and to which network it was issued."""

    current_generation: int
    used_at: datetime
    used_from: str | None


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """One generation of a family. `successor_nonce` is set once it was rotated."""

    generation: int
    successor_nonce: bytes | None
    rotated_at: datetime | None


async def insert_family(
    connection: Connection, family_id: UUID, grant_id: UUID, token_hash: bytes, now: datetime, network: str | None
) -> None:
    """Insert a family with its first token, generation 1, which is issued to `network`."""
    await connection.execute(
        insert(refresh_families).values(
            id=family_id, grant_id=grant_id, current_generation=1, created_at=now, used_at=now, used_from=network
        )
    )
    await insert_token(connection, family_id, 1, token_hash, now)


async def insert_token(
    connection: Connection, family_id: UUID, generation: int, token_hash: bytes, now: datetime
) -> None:
    """Insert the hash of one generation."""
    await connection.execute(
        insert(refresh_tokens).values(family_id=family_id, generation=generation, token_hash=token_hash, created_at=now)
    )


async def find_family_grant(connection: Connection, family_id: UUID) -> UUID | None:
    """Return the grant of a family; it never changes, so it is read before anything is locked."""
    found = await connection.execute(select(refresh_families.c.grant_id).where(refresh_families.c.id == family_id))
    return found.scalar()


async def lock_family(connection: Connection, family_id: UUID) -> Family:
    """Lock and return a family."""
    found = await connection.execute(
        select(*(refresh_families.c[each.name] for each in fields(Family)))
        .where(refresh_families.c.id == family_id)
        .with_for_update()
    )
    return Family(*found.one())


async def find_token(connection: Connection, family_id: UUID, token_hash: bytes) -> RefreshToken | None:
    """Return the generation with that hash."""
    row = (
        await connection.execute(
            select(refresh_tokens.c.generation, refresh_tokens.c.successor_nonce, refresh_tokens.c.rotated_at).where(
                refresh_tokens.c.family_id == family_id, refresh_tokens.c.token_hash == token_hash
            )
        )
    ).first()
    return None if row is None else RefreshToken(*row)


async def rotate_token(
    connection: Connection,
    family_id: UUID,
    generation: int,
    nonce: bytes,
    successor_hash: bytes,
    now: datetime,
    network: str | None,
) -> None:
    """Replace the current generation with its successor, which is issued to `network`; the family must be locked."""
    await connection.execute(
        update(refresh_tokens)
        .where(refresh_tokens.c.family_id == family_id, refresh_tokens.c.generation == generation)
        .values(successor_nonce=nonce, rotated_at=now)
    )
    await insert_token(connection, family_id, generation + 1, successor_hash, now)
    await connection.execute(
        update(refresh_families)
        .where(refresh_families.c.id == family_id)
        .values(current_generation=generation + 1, used_at=now, used_from=network)
    )
