"""SQL on sign-ins at the OpenID provider that are under way."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import and_, insert, or_, select, update

from app.db import Connection
from app.oauth.tables import authorization_requests as requests
from app.oauth.tables import upstream_sign_ins as attempts

LIFE: Final = timedelta(minutes=10)
"""How long an attempt without an authorization request is valid; the others expire with theirs."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a sign-in leads: to a pending authorization request, or else to a path of this service."""

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
    """Insert an attempt to sign in at `issuer`. With a pending request, the browser is the one of that request."""
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
    """Use up an attempt and return where it leads.

    None, and nothing is changed, when it is unknown, used or too old, was for another issuer, or it (or its pending
    request) does not belong to this browser.
    """
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
