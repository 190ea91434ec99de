"""Refresh tokens `slr_<family>_<secret>`: each is good once, theft ends the grant, and a lost answer ends nothing."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.crypto.tokens import REFRESH_TOKEN_PREFIX, hash_of, new_secret
from app.db import Connection, new_id
from app.limits.defaults import TOKENS, TOKENS_OF_PERSON
from app.limits.rate_limit import RateLimiter
from app.oauth.clients.repository import Client
from app.oauth.faults import OAuthFault, invalid_grant, invalid_request, invalid_target
from app.oauth.grants.models import is_of
from app.oauth.grants.repository import GrantRow, lock_grant
from app.oauth.grants.revocation import Revocation, RevocationReason
from app.oauth.parameters import Parameters
from app.oauth.tokens import refresh_repository as store
from app.oauth.tokens.refresh_repository import Family, RefreshToken
from app.resources import Resource
from app.scopes import intersect_scopes

# Hosts refresh in parallel bursts, and answers get lost: for so long the last token but one is still answered,
# with the same successor each time.
GRACE: Final = timedelta(seconds=120)
NONCE_BYTES: Final = 32
UNUSED_FOR: Final = timedelta(days=90)
"""After that time without a refresh a grant ends (OAuth 2.1 draft-13 section 4.3.3)."""

_BAD_TOKEN: Final = "The refresh token is wrong, expired or was used already."  # noqa: S105


@dataclass(frozen=True, slots=True)
class PresentedToken:
    """A presented refresh token whose hash is known, with everything about it locked."""

    text: str
    family_id: UUID
    grant: GrantRow
    family: Family
    stored: RefreshToken

    def is_live(self, now: datetime) -> bool:
        """Whether the grant has not ended, nor would by now have been ended because nobody used it."""
        return self.grant.is_live(now) and now - self.family.used_at < UNUSED_FOR


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A live grant, the scopes for this one access token, and the refresh token to use next."""

    grant: GrantRow
    scopes: frozenset[str]
    refresh_token: str


async def start_family(connection: Connection, grant_id: UUID, now: datetime) -> str:
    """The first refresh token of a grant."""
    family_id = new_id()
    token = new_secret(_beginning(family_id))
    await store.insert_family(connection, family_id, grant_id, hash_of(token), now)
    return token


async def find_presented(connection: Connection, text: str) -> PresentedToken | None:
    """The token that was presented, grant and family locked in this order; None for an unknown one."""
    family_id = _family_of(text)
    if family_id is None:
        return None
    grant_id = await store.find_family_grant(connection, family_id)
    grant = None if grant_id is None else await lock_grant(connection, grant_id)
    if grant is None:
        return None
    family = await store.lock_family(connection, family_id)
    stored = await store.find_token(connection, family_id, hash_of(text))
    return None if stored is None else PresentedToken(text, family_id, grant, family, stored)


async def refresh(
    connection: Connection,
    client: Client,
    parameters: Parameters,
    resource: Resource | None,
    now: datetime,
    limiter: RateLimiter,
) -> Refreshed | Revocation | OAuthFault:
    """Use a refresh token (RFC 6749 section 6, rotation as in OAuth 2.1 section 4.3.1).

    The current one is rotated. The one before it, for two minutes, gives the same successor again. Any other one that
    we ever gave out was stolen or is in two hands: the grant ends. What we never gave out, or gave to another client,
    touches nothing. Raises `RateLimited`, and touches nothing either.
    """
    if "refresh_token" not in parameters:
        return invalid_request("The parameter refresh_token is missing.")
    presented = await find_presented(connection, parameters["refresh_token"])
    if presented is None or not is_of(presented.grant, client) or not presented.is_live(now):
        return invalid_grant(_BAD_TOKEN)
    is_current = presented.stored.generation == presented.family.current_generation
    if not is_current and not _is_in_grace(presented, now):
        return Revocation(presented.grant, RevocationReason.REFRESH_TOKEN_REPLAYED, invalid_grant(_BAD_TOKEN))
    if resource not in (None, presented.grant.endpoint):
        return invalid_target()
    scopes = intersect_scopes(presented.grant.scopes, parameters.get("scope"))
    if not scopes:
        return OAuthFault("invalid_scope", "None of these scopes was approved.")
    # The client has proven itself by now, and holds the token: nobody can use up another's tokens.
    await limiter.check(TOKENS, presented.grant.id)
    await limiter.check(TOKENS_OF_PERSON, presented.grant.person_id)
    if not is_current and presented.stored.successor_nonce is not None:
        return Refreshed(presented.grant, scopes, _successor(presented, presented.stored.successor_nonce))
    nonce = secrets.token_bytes(NONCE_BYTES)
    successor = _successor(presented, nonce)
    await store.rotate_token(
        connection, presented.family_id, presented.family.current_generation, nonce, hash_of(successor), now
    )
    return Refreshed(presented.grant, scopes, successor)


def _is_in_grace(presented: PresentedToken, now: datetime) -> bool:
    """The immediate predecessor, lately rotated. Its successor is then the current one, so it is unused."""
    stored = presented.stored
    is_predecessor = stored.generation == presented.family.current_generation - 1
    return is_predecessor and stored.rotated_at is not None and now - stored.rotated_at <= GRACE


def _successor(presented: PresentedToken, nonce: bytes) -> str:
    """The next token of the family. Whoever lacks the presented one can't compute it, also with our database."""
    digest = hmac.digest(presented.text.encode(), nonce, "sha256")
    return _beginning(presented.family_id) + digest.hex()


def _beginning(family_id: UUID) -> str:
    return f"{REFRESH_TOKEN_PREFIX}{family_id.hex}_"


def _family_of(text: str) -> UUID | None:
    family, _, secret = text.removeprefix(REFRESH_TOKEN_PREFIX).partition("_")
    if not text.startswith(REFRESH_TOKEN_PREFIX) or not secret or len(family) != 32:
        return None
    try:
        return UUID(hex=family)
    except ValueError:
        return None
