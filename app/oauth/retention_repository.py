"""What is no longer needed: conditions on the rows of each table."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Table, and_, exists, or_, select

from app.db.purge import BATCH
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

EXPIRED_FOR: Final = timedelta(hours=24)
"""How long codes and documents are kept after they expire: the replay of a code must still be recognized."""

REQUEST_EXPIRED_FOR: Final = timedelta(hours=1)
"""How long authorization requests are kept after they expire. They are large, and anyone can create many."""

REGISTRATION_UNUSED_FOR: Final = timedelta(days=90)
REGISTRATION_NEVER_USED_FOR: Final = timedelta(days=30)
"""Anyone can register many clients; a serious one gets its first token within minutes. But a person may put off the
approval, and the client does not learn at /oauth/authorize that it has to register again."""

ENDED_FOR: Final = timedelta(days=90)
"""How long grants are kept after their end, with the hashes of their tokens and keys."""

FAMILIES_AT_ONCE: Final = 100


def deletable(now: datetime) -> list[tuple[Table, ColumnElement[bool]]]:
    """Return the tables, in the order in which rows are deleted, each with the condition of the rows to delete."""
    is_dynamic, last_used_at = clients.c.kind == ClientKind.DYNAMIC, clients.c.last_used_at
    never_used = last_used_at == clients.c.created_at
    has_live_grant = exists().where(grants.c.client_id == clients.c.id, live(now))
    has_grant = exists().where(grants.c.client_id == clients.c.id)
    # One grant can have very many refresh tokens, so they are deleted before it is.
    ended_families = (
        select(refresh_families.c.id)
        .join(grants, grants.c.id == refresh_families.c.grant_id)
        .where(_ended(now - ENDED_FOR), exists().where(refresh_tokens.c.family_id == refresh_families.c.id))
        .limit(FAMILIES_AT_ONCE)
    )
    return [
        (authorization_requests, authorization_requests.c.expires_at < now - REQUEST_EXPIRED_FOR),
        # Sign-ins for a request are deleted with it.
        (
            upstream_sign_ins,
            and_(upstream_sign_ins.c.request_id.is_(None), upstream_sign_ins.c.created_at < now - EXPIRED_FOR),
        ),
        (codes, codes.c.expires_at < now - EXPIRED_FOR),
        (client_assertions, client_assertions.c.expires_at < now),
        (clients, and_(is_dynamic, last_used_at < now - REGISTRATION_UNUSED_FOR, ~has_live_grant)),
        (clients, and_(is_dynamic, never_used, last_used_at < now - REGISTRATION_NEVER_USED_FOR, ~has_live_grant)),
        (
            clients,
            and_(clients.c.kind == ClientKind.DOCUMENT, clients.c.stale_until < now - EXPIRED_FOR, ~has_live_grant),
        ),
        (refresh_tokens, refresh_tokens.c.family_id.in_(ended_families)),
        (grants, ended_grants(now)),
        (clients, and_(clients.c.kind == ClientKind.SERVICE, last_used_at < now - ENDED_FOR, ~has_grant)),
    ]


def ended_grants(now: datetime) -> Which:
    """Grants that ended ENDED_FOR ago and have no refresh token left."""
    has_tokens = (
        exists()
        .where(refresh_families.c.grant_id == grants.c.id)
        .where(refresh_tokens.c.family_id == refresh_families.c.id)
    )
    return and_(_ended(now - ENDED_FOR), ~has_tokens)


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
