"""SQL on signing keys."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert

from app.db import Connection
from app.oauth.tables import signing_keys


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A signing key as it is stored: the private key encrypted, the public key as JWK."""

    kid: str
    generation: int
    public_jwk: Mapping[str, Any]
    sealed_private_key: bytes
    active_from: datetime
    retired_at: datetime | None

    def may_sign(self, now: datetime) -> bool:
        """Whether it is not retired. It may not be active yet."""
        return self.retired_at is None or self.retired_at > now


_COLUMNS: Final = tuple(signing_keys.c[each.name] for each in fields(StoredKey))


async def find_keys(connection: Connection, still_needed_after: datetime) -> list[StoredKey]:
    """Return the keys in use, and those retired after `still_needed_after`; newest first."""
    rows = await connection.execute(
        select(*_COLUMNS)
        .where(or_(signing_keys.c.retired_at.is_(None), signing_keys.c.retired_at > still_needed_after))
        .order_by(signing_keys.c.generation.desc())
    )
    return [StoredKey(*row) for row in rows]


async def insert_key(connection: Connection, key: StoredKey, now: datetime) -> bool:
    """Insert a key; return False, inserting nothing, when another process has created this generation already."""
    done = await connection.execute(
        insert(signing_keys)
        .values(**asdict(key), created_at=now)
        .on_conflict_do_nothing(index_elements=[signing_keys.c.generation])
        .returning(signing_keys.c.kid)
    )
    return done.first() is not None


async def retire_keys_before(connection: Connection, generation: int, at: datetime) -> None:
    """Retire at `at` every key before a generation."""
    await connection.execute(
        update(signing_keys)
        .where(signing_keys.c.generation < generation, signing_keys.c.retired_at.is_(None))
        .values(retired_at=at)
    )


async def replace_private_key(connection: Connection, kid: str, sealed_private_key: bytes) -> None:
    """Store the same private key encrypted under another SECRET_KEY."""
    await connection.execute(
        update(signing_keys).where(signing_keys.c.kid == kid).values(sealed_private_key=sealed_private_key)
    )
