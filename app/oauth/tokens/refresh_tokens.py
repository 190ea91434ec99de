"""Refresh tokens `slr_<family>_<secret>`: each is used once, and a lost response or a late one loses nobody.

Several processes of one host keep copies of a token, some for days, and hosts lose responses. So the predecessor of the
current token gives that one again until it was used, whenever it comes. An older one proves that somebody has a copy,
not that a thief has it: decision 46 says what follows from it.
"""

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
from app.oauth.clients.models import Client
from app.oauth.errors import invalid_grant, invalid_request, invalid_scope, invalid_target
from app.oauth.grants.models import GrantRow
from app.oauth.grants.repository import lock_grant
from app.oauth.grants.revocation import ReplayDetected, RevocationReason
from app.oauth.parameters import Parameters
from app.oauth.tokens import repository as store
from app.oauth.tokens.access_tokens import Issuable
from app.oauth.tokens.policy import ReusePolicy
from app.oauth.tokens.repository import Family, RefreshToken
from app.resources import Resource
from app.scopes import format_scope, requested_scopes

STRICT_GRACE: Final = timedelta(seconds=120)
"""Where `REFRESH_REUSE=revoke`: for this long the predecessor of the current token is still accepted, because hosts
refresh in parallel bursts."""

NONCE_BYTES: Final = 32
UNUSED_FOR: Final = timedelta(days=90)
"""How long after its last refresh a grant ends (OAuth 2.1 draft-13 section 4.3.3)."""

_BAD_TOKEN: Final = "The refresh token is wrong, expired or was used already."  # noqa: S105


@dataclass(frozen=True, slots=True)
class PresentedToken:
    """A refresh token that was sent and whose hash is known, with its grant and family, which are locked."""

    text: str
    family_id: UUID
    grant: GrantRow
    family: Family
    stored: RefreshToken

    def is_live(self, now: datetime) -> bool:
        """Whether the grant is live, and not due to be ended because nobody used it."""
        return self.grant.is_live(now) and now - self.family.used_at < UNUSED_FOR


async def start_family(connection: Connection, grant_id: UUID, now: datetime, network: str | None = None) -> str:
    """Create the first refresh token of a grant, for a client in this network, and return it."""
    family_id = new_id()
    token = new_secret(_prefix(family_id))
    await store.insert_family(connection, family_id, grant_id, hash_of(token), now, network)
    return token


async def find_presented(connection: Connection, text: str) -> PresentedToken | None:
    """Return the token that was sent, after locking its grant and its family in this order; None for an unknown one."""
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


async def use_refresh_token(
    connection: Connection,
    client: Client,
    parameters: Parameters,
    resource: Resource | None,
    now: datetime,
    limiter: RateLimiter,
    network: str | None,
    reuse: ReusePolicy,
) -> Issuable:
    """Use a refresh token (RFC 6749 section 6, rotation as in OAuth 2.1 section 4.3.1), sent from a network. Raises
    `OAuthError`.

    The current one is rotated. Its predecessor gives the same successor again, for as long as that is unused; from
    another network than the successor was issued to, the grant is contested. Any other one that was ever issued is in
    two hands (`ReplayDetected`). One that was never issued, or was issued to another client, changes nothing; nor does
    `RateLimited`.
    """
    if "refresh_token" not in parameters:
        raise invalid_request("The parameter refresh_token is missing.")
    presented = await find_presented(connection, parameters["refresh_token"])
    if presented is None or not presented.grant.is_usable_by(client) or not presented.is_live(now):
        raise invalid_grant(_BAD_TOKEN)
    is_current = presented.stored.generation == presented.family.current_generation
    if not is_current and not _is_accepted_late(presented, reuse, now):
        raise ReplayDetected(presented.grant, RevocationReason.REFRESH_TOKEN_REPLAYED, _BAD_TOKEN)
    if resource not in (None, presented.grant.endpoint):
        raise invalid_target()
    scopes = requested_scopes(parameters.get("scope")) or presented.grant.scopes
    if not scopes <= presented.grant.scopes:
        raise invalid_scope(f"More than was approved, which is: {format_scope(presented.grant.scopes)}.")
    # The client has proven itself by now, and holds the token: nobody can use up another's tokens.
    await limiter.check(TOKENS, presented.grant.id)
    await limiter.check(TOKENS_OF_PERSON, presented.grant.person_id)
    if not is_current and presented.stored.successor_nonce is not None:
        is_elsewhere = None not in (network, presented.family.used_from) and network != presented.family.used_from
        successor = _successor(presented, presented.stored.successor_nonce)
        return Issuable(presented.grant, scopes, successor, is_contested=is_elsewhere)
    nonce = secrets.token_bytes(NONCE_BYTES)
    successor = _successor(presented, nonce)
    await store.rotate_token(
        connection, presented.family_id, presented.family.current_generation, nonce, hash_of(successor), now, network
    )
    return Issuable(presented.grant, scopes, successor)


def _is_accepted_late(presented: PresentedToken, reuse: ReusePolicy, now: datetime) -> bool:
    """Whether it is the immediate predecessor, whose successor, the current one, is unused."""
    stored = presented.stored
    if stored.rotated_at is None or stored.generation != presented.family.current_generation - 1:
        return False
    return reuse == "mark" or now - stored.rotated_at <= STRICT_GRACE


def _successor(presented: PresentedToken, nonce: bytes) -> str:
    """Return the next token of the family. It can't be computed without the one that was sent, even from the
    database."""
    digest = hmac.digest(presented.text.encode(), nonce, "sha256")
    return _prefix(presented.family_id) + digest.hex()


def _prefix(family_id: UUID) -> str:
    return f"{REFRESH_TOKEN_PREFIX}{family_id.hex}_"


def _family_of(text: str) -> UUID | None:
    family, _, secret = text.removeprefix(REFRESH_TOKEN_PREFIX).partition("_")
    if not text.startswith(REFRESH_TOKEN_PREFIX) or not secret or len(family) != 32:
        return None
    try:
        return UUID(hex=family)
    except ValueError:
        return None
