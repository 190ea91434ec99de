"""SQL on sign-ins at another provider that are under way."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import and_, insert, or_, select, update

from app.db import Connection
from app.oauth.tables import authorization_requests as requests
from app.oauth.tables import upstream_sign_ins as attempts

LIFE: Final = timedelta(minutes=10)
"""How long an attempt without a request is good; the others end with theirs."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a sign-in leads: on with a waiting request, or else to a path of this service."""

    request_id: UUID | None
    path: str


async def insert_attempt(
    connection: Connection,
    state_hash: bytes,
    browser_hash: bytes,
    destination: Destination,
    issuer: str,
    now: datetime,
) -> None:
    """Store that a browser leaves for `issuer`. With a waiting request, the browser is the one that the request has."""
    is_for_request = destination.request_id is not None
    await connection.execute(
        insert(attempts).values(
            state_hash=state_hash,
            request_id=destination.request_id,
            browser_hash=None if is_for_request else browser_hash,
            path=None if is_for_request else destination.path,
            issuer=issuer,
            created_at=now,
        )
    )


async def use_attempt(
    connection: Connection, state_hash: bytes, browser_hash: bytes, issuer: str, now: datetime
) -> Destination | None:
    """Use an attempt up; where it leads. None when it is unknown, used or too old, was for another issuer, or is not
    (or its request is not, or no longer) this browser's: then nothing is changed."""
    open_here = select(requests.c.id).where(
        requests.c.browser_hash == browser_hash, requests.c.used_at.is_(None), requests.c.expires_at > now
    )
    used = await connection.execute(
        update(attempts)
        .where(
            attempts.c.state_hash == state_hash,
            attempts.c.issuer == issuer,
            attempts.c.used_at.is_(None),
            or_(
                attempts.c.request_id.in_(open_here),
                and_(attempts.c.browser_hash == browser_hash, attempts.c.created_at > now - LIFE),
            ),
        )
        .values(used_at=now)
        .returning(attempts.c.request_id, attempts.c.path)
    )
    row = used.first()
    return None if row is None else Destination(row.request_id, row.path or "")
