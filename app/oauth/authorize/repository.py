"""SQL on authorization requests that wait for an answer."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Select, and_, insert, select, update

from app.db import Connection, new_id
from app.oauth.tables import authorization_requests as requests


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A validated request of a client, bound to one browser by the hash of its cookie."""

    id: UUID
    browser_hash: bytes
    client_id: str
    redirect_uri: str
    state: str | None
    scopes: tuple[str, ...]
    resource: str
    code_challenge: str
    expires_at: datetime


Answer = Literal["approved", "denied"]

MOST_MOVES: Final = 10
"""How many moves of a request are followed: each is a sign-in or a sign-out."""

_COLUMNS: Final = tuple(requests.c[each.name] for each in fields(AuthorizationRequest))


@dataclass(frozen=True, slots=True)
class UsedRequest:
    """What became of a request: it moved on, it was answered, or neither; `used_at` is None while it is open."""

    request: AuthorizationRequest
    used_at: datetime | None
    moved_to: UUID | None
    answer: Answer | None


async def insert_request(connection: Connection, request: AuthorizationRequest, now: datetime) -> None:
    """Insert a validated request."""
    await connection.execute(
        insert(requests).values({**asdict(request), "scopes": list(request.scopes), "created_at": now})
    )


async def find_request(
    connection: Connection, request_id: UUID, browser_hash: bytes, now: datetime
) -> AuthorizationRequest | None:
    """Return an open request of this browser; None if it is unknown, used, expired or another browser's."""
    return _request_or_none((await connection.execute(_select(request_id, browser_hash, now))).first())


async def lock_request(
    connection: Connection, request_id: UUID, browser_hash: bytes, now: datetime
) -> AuthorizationRequest | None:
    """Return what `find_request` does, locked until the transaction ends, so that only one answer counts."""
    found = await connection.execute(_select(request_id, browser_hash, now).with_for_update())
    return _request_or_none(found.first())


async def find_last(
    connection: Connection, request_id: UUID, *, moved_since: datetime | None = None
) -> tuple[UsedRequest, UsedRequest] | None:
    """Return a request and the one that it was last moved to (itself, if it wasn't), whosever they are; None if it is
    unknown, or a move was before `moved_since`."""
    first = last = await _find_used(connection, request_id)
    for _ in range(MOST_MOVES):
        if first is None or last is None:
            return None
        if last.moved_to is None:
            return first, last
        if moved_since is not None and (last.used_at is None or last.used_at < moved_since):
            return None
        last = await _find_used(connection, last.moved_to)
    return None


async def _find_used(connection: Connection, request_id: UUID) -> UsedRequest | None:
    more = (requests.c.used_at, requests.c.moved_to, requests.c.answer)
    row = (await connection.execute(select(*_COLUMNS, *more).where(requests.c.id == request_id))).first()
    return None if row is None else UsedRequest(_request(row[: len(_COLUMNS)]), *row[len(_COLUMNS) :])


async def answer_request(connection: Connection, request_id: UUID, answer: Answer, now: datetime) -> None:
    """Note how the request was answered; it can't be answered again."""
    await connection.execute(update(requests).where(requests.c.id == request_id).values(used_at=now, answer=answer))


async def rebind_request(
    connection: Connection, request: AuthorizationRequest, browser_hash: bytes, now: datetime
) -> AuthorizationRequest:
    """Move a locked request to a new id and a new browser cookie, as at each sign-in and sign-out.

    The old id is used up, and the expiry stays the same.
    """
    moved = replace(request, id=new_id(), browser_hash=browser_hash)
    used = update(requests).where(requests.c.id == request.id).values(used_at=now, moved_to=moved.id)
    await connection.execute(used)
    await insert_request(connection, moved, now)
    return moved


async def close_oldest_requests(connection: Connection, browser_hash: bytes, most: int, now: datetime) -> None:
    """Close all but the newest `most` open requests of a browser."""
    is_open = and_(requests.c.browser_hash == browser_hash, requests.c.used_at.is_(None), requests.c.expires_at > now)
    newest_first = requests.c.created_at.desc(), requests.c.id.desc()
    oldest = select(requests.c.id).where(is_open).order_by(*newest_first).offset(most)
    await connection.execute(update(requests).where(requests.c.id.in_(oldest)).values(used_at=now))


def _select(request_id: UUID, browser_hash: bytes, now: datetime) -> Select[*tuple[Any, ...]]:
    return select(*_COLUMNS).where(
        requests.c.id == request_id,
        requests.c.browser_hash == browser_hash,
        requests.c.used_at.is_(None),
        requests.c.expires_at > now,
    )


def _request_or_none(row: Any) -> AuthorizationRequest | None:
    return None if row is None else _request(row)


def _request(values: Sequence[Any]) -> AuthorizationRequest:
    request = AuthorizationRequest(*values)
    return replace(request, scopes=tuple(request.scopes))
