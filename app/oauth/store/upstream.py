"""SQL on sign-ins at another provider that are under way."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update

from app.db import Connection
from app.oauth.tables import authorization_requests as requests
from app.oauth.tables import upstream_sign_ins as attempts


async def insert_attempt(
    connection: Connection, state_hash: bytes, request_id: UUID, issuer: str, now: datetime
) -> None:
    """Store that a browser leaves for `issuer`, on behalf of a waiting request."""
    await connection.execute(
        insert(attempts).values(state_hash=state_hash, request_id=request_id, issuer=issuer, created_at=now)
    )


async def use_attempt(
    connection: Connection, state_hash: bytes, browser_hash: bytes, issuer: str, now: datetime
) -> UUID | None:
    """Use an attempt up; the id of its request. None when it is unknown or used, was for another issuer, or when its
    request is not (or no longer) this browser's: then nothing is changed."""
    open_here = select(requests.c.id).where(
        requests.c.browser_hash == browser_hash, requests.c.used_at.is_(None), requests.c.expires_at > now
    )
    used = await connection.execute(
        update(attempts)
        .where(
            attempts.c.state_hash == state_hash,
            attempts.c.issuer == issuer,
            attempts.c.used_at.is_(None),
            attempts.c.request_id.in_(open_here),
        )
        .values(used_at=now)
        .returning(attempts.c.request_id)
    )
    return used.scalar()
