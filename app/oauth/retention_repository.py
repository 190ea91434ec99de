"""SQL that deletes what is no longer needed: each function deletes a batch of rows, and returns how many."""

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, or_, select

from app.db import Connection
from app.db.purge import BATCH, delete_old
from app.oauth.clients.models import ClientKind
from app.oauth.grants.models import GrantKind
from app.oauth.grants.repository import Which, live
from app.oauth.tables import (
    authorization_requests,
    client_assertions,
    clients,
    codes,
    grants,
    refresh_families,
    refresh_tokens,
    upstream_sign_ins,
)

FAMILIES_AT_ONCE: Final = 100


async def delete_requests(connection: Connection, before: datetime) -> int:
    """Authorization requests that expired."""
    return await delete_old(connection, authorization_requests, authorization_requests.c.expires_at < before)


async def delete_sign_ins(connection: Connection, before: datetime) -> int:
    """Sign-ins at the OpenID provider that began before, without a request; the others are deleted with theirs."""
    old = and_(upstream_sign_ins.c.request_id.is_(None), upstream_sign_ins.c.created_at < before)
    return await delete_old(connection, upstream_sign_ins, old)


async def delete_codes(connection: Connection, before: datetime) -> int:
    """Codes that expired."""
    return await delete_old(connection, codes, codes.c.expires_at < before)


async def delete_assertions(connection: Connection, before: datetime) -> int:
    """Ids of client assertions that expired."""
    return await delete_old(connection, client_assertions, client_assertions.c.expires_at < before)


async def delete_registrations(connection: Connection, before: datetime, now: datetime) -> int:
    """Clients that registered themselves, were not used since, and have no live grant."""
    unused = and_(clients.c.kind == ClientKind.DYNAMIC, clients.c.last_used_at < before)
    return await delete_old(connection, clients, and_(unused, ~_has_live_grant(now)))


async def delete_new_registrations(connection: Connection, before: datetime, now: datetime) -> int:
    """Clients that registered themselves before, were never used, and have no live grant."""
    never_used = and_(clients.c.last_used_at == clients.c.created_at, clients.c.last_used_at < before)
    return await delete_old(
        connection, clients, and_(clients.c.kind == ClientKind.DYNAMIC, never_used, ~_has_live_grant(now))
    )


async def delete_service_clients(connection: Connection, before: datetime) -> int:
    """Service accounts that were not used since, and whose grants are all deleted."""
    over = and_(clients.c.kind == ClientKind.SERVICE, clients.c.last_used_at < before)
    return await delete_old(connection, clients, and_(over, ~exists().where(grants.c.client_id == clients.c.id)))


async def delete_documents(connection: Connection, before: datetime, now: datetime) -> int:
    """Documents that would have to be fetched again since, of clients without a live grant."""
    stale = and_(clients.c.kind == ClientKind.DOCUMENT, clients.c.stale_until < before)
    return await delete_old(connection, clients, and_(stale, ~_has_live_grant(now)))


async def delete_refresh_tokens(connection: Connection, before: datetime) -> int:
    """Refresh tokens of grants that ended. One grant can have very many, so they are deleted before it is."""
    families = (
        select(refresh_families.c.id)
        .join(grants, grants.c.id == refresh_families.c.grant_id)
        .where(_ended(before), exists().where(refresh_tokens.c.family_id == refresh_families.c.id))
        .limit(FAMILIES_AT_ONCE)
    )
    return await delete_old(connection, refresh_tokens, refresh_tokens.c.family_id.in_(families))


async def delete_grants(connection: Connection, before: datetime) -> int:
    """Grants that ended and have no refresh token left, with everything that belongs to them."""
    has_tokens = (
        exists()
        .where(refresh_families.c.grant_id == grants.c.id)
        .where(refresh_tokens.c.family_id == refresh_families.c.id)
    )
    return await delete_old(connection, grants, and_(_ended(before), ~has_tokens))


def unused(before: datetime, now: datetime) -> Which:
    """Live consents from before that moment whose refresh tokens were not used since; BATCH at most.

    One without any refresh token was never used, or it would have expired after an hour.
    """
    used_since = exists().where(refresh_families.c.grant_id == grants.c.id, refresh_families.c.used_at > before)
    found = (
        select(grants.c.id)
        .where(grants.c.kind == GrantKind.CONSENT, grants.c.created_at <= before, live(now), ~used_since)
        .limit(BATCH)
        .correlate(None)
    )
    return grants.c.id.in_(found)


def _ended(before: datetime) -> ColumnElement[bool]:
    """External ones are kept: without it, a revoked grant would be created again by the issuer's next token."""
    return and_(grants.c.kind != GrantKind.EXTERNAL, or_(grants.c.revoked_at < before, grants.c.expires_at < before))


def _has_live_grant(now: datetime) -> ColumnElement[bool]:
    return exists().where(grants.c.client_id == clients.c.id, live(now))
