"""SQL on the ids of client assertions."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert

from app.db import Connection
from app.oauth.tables import client_assertions


async def use_assertion(connection: Connection, client_id: str, jti_hash: bytes, expires_at: datetime) -> bool:
    """Remember the id of an assertion; False when it was used before. Of two at once, one waits for the other."""
    done = await connection.execute(
        insert(client_assertions)
        .values(client_id=client_id, jti_hash=jti_hash, expires_at=expires_at)
        .on_conflict_do_nothing()
        .returning(client_assertions.c.jti_hash)
    )
    return done.first() is not None
