"""From a bearer token to a caller: by the token, its grant, and the person's present memberships."""

from dataclasses import replace
from functools import partial
from uuid import UUID

from app.access.api_keys import ApiKeys
from app.access.caller import Caller
from app.access.grant_cache import CachedGrant, GrantCache
from app.access.guest_callers import GuestCallers
from app.access.repository import find_grant_with_memberships
from app.crypto.tokens import API_KEY_PREFIX, GUEST_KEY_PREFIX
from app.db import Engine
from app.db.engine import Driver
from app.households.tenant import Actor
from app.limits.defaults import CALLS, CALLS_OF_PERSON, UNKNOWN_KEYS
from app.limits.rate_limit import RateLimiter
from app.oauth.credentials.api_keys import is_api_key
from app.oauth.external.grants import ExternalGrants
from app.oauth.grants.models import Grant
from app.oauth.tokens.claims import AccessClaims, Claims
from app.oauth.tokens.verifier import LEEWAY, TokenVerifier
from app.runtime.clock import Clock, system_clock
from app.runtime.single_flight import SingleFlight
from app.scopes import expand


class Authenticator:
    """Finds the caller of a request. Without `api_keys` no API key is valid; without `external`, no token of another
    issuer; without `guests`, no key of a guest."""

    def __init__(
        self,
        engine: Engine,
        verifier: TokenVerifier,
        cache: GrantCache,
        limiter: RateLimiter,
        *,
        api_keys: ApiKeys | None = None,
        external: ExternalGrants | None = None,
        guests: GuestCallers | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self._engine = engine
        self._verifier = verifier
        self._cache = cache
        self._limiter = limiter
        self._api_keys = api_keys
        self._external = external
        self._guests = guests
        self._clock = clock
        self._reads = SingleFlight[CachedGrant | None]()

    async def __call__(self, token: str, address: str) -> Caller | None:
        """Return the caller, or None when the token is invalid, its grant has ended, or no membership is left.

        `address` is the network address that sent it. Raises `Unavailable` when the database or the issuer can't be
        reached; `LimitReached` for a grant or a person that calls too often, and for an unknown API key from an address
        that has sent too many of them.
        """
        if token.startswith(API_KEY_PREFIX):
            return None if self._api_keys is None else await self._find_by_key(self._api_keys, token, address)
        if token.startswith(GUEST_KEY_PREFIX):
            return None if self._guests is None else await self._guests.find(token, address)
        claims = await self._verifier.verify(token)
        grant_id = await self._grant_of(claims) if claims is not None else None
        if claims is None or grant_id is None:
            return None
        found = await self.count_and_find(grant_id)
        if found is None or not _is_for(claims, found.grant):
            return None
        scopes = expand(claims.scope.split()) & expand(found.grant.scopes)
        return Caller(found.actor, claims.iss, scopes, found.grant.endpoint, claims.exp)

    async def revalidate(self, caller: Caller, driver: "Driver | None" = None) -> Caller | None:
        """Return an authenticated caller as it is now, from the cache if possible; None when it has lost its access.

        `driver` is the connection of those who hold one: it is used, so that they don't wait for another.
        Raises `Unavailable`.
        """
        if caller.actor.is_guest:
            return await self.reload(caller)
        if caller.expires_at + LEEWAY <= self._clock():
            return None
        found = self._cache.find(caller.actor.grant_id)
        if found is not None and found.actor is caller.actor:
            return caller
        if found is None:
            grant_id = caller.actor.grant_id
            found = await (self._find(grant_id) if driver is None else self._read(grant_id, driver))
        return _renew(caller, found)

    async def reload(self, caller: Caller) -> Caller | None:
        """Return an authenticated caller as the database has it; None when it has lost its access.

        Raises `Unavailable`.
        """
        if caller.actor.is_guest:
            return None if self._guests is None else await self._guests.reload(caller)
        return _renew(caller, await self._read(caller.actor.grant_id))

    async def count_further(self, caller: Caller, calls: int) -> None:
        """Count the calls of a batch beyond the first. Raises `LimitReached`."""
        await self._limiter.check(CALLS, caller.actor.grant_id, times=calls)
        await self._limiter.check(CALLS_OF_PERSON, caller.actor.person_id, times=calls)

    async def count_and_find(self, grant_id: UUID) -> CachedGrant | None:
        """Return the live grant of a verified token or key, or None, and count the call.

        Raises `Unavailable`, and `LimitReached` for a grant or a person that calls too often.
        """
        # Before anything is read, so that a token of an ended grant can't have it looked up without end.
        await self._limiter.check(CALLS, grant_id)
        found = self._cache.find(grant_id) or await self._find(grant_id)
        if found is not None:
            await self._limiter.check(CALLS_OF_PERSON, found.actor.person_id)
        return found

    async def _find_by_key(self, api_keys: ApiKeys, key: str, address: str) -> Caller | None:
        if not is_api_key(key):
            return None
        grant_id = api_keys.recall(key) or await self._look_up(api_keys, key, address)
        if grant_id is None:
            return None
        found = await self.count_and_find(grant_id)
        if found is None or (ends_at := found.grant.expires_at) is None:
            return None
        await api_keys.note_use(key, address)
        return Caller(found.actor, api_keys.issuer, expand(found.grant.scopes), found.grant.endpoint, ends_at)

    async def _look_up(self, api_keys: ApiKeys, key: str, address: str) -> UUID | None:
        # Only keys that are new come here: known keys, and tokens, pass while others invent keys.
        await self._limiter.peek(UNKNOWN_KEYS, address)
        grant_id = await api_keys.look_up(key)
        if grant_id is None:
            await self._limiter.count(UNKNOWN_KEYS, address)
        return grant_id

    async def _grant_of(self, claims: AccessClaims) -> UUID | None:
        if isinstance(claims, Claims):
            return claims.gid
        return await self._external.find(claims) if self._external is not None else None

    async def _find(self, grant_id: UUID) -> CachedGrant | None:
        """Return the live grant from the database; calls that come together share one look-up, as they would share what
        is cached: not while notifications don't arrive, and not with those from before the last one."""
        if not self._cache.may_keep:
            return await self._read(grant_id)
        return await self._reads.do(f"{grant_id} {self._cache.revision}", partial(self._read, grant_id))

    async def _read(self, grant_id: UUID, driver: "Driver | None" = None) -> CachedGrant | None:
        revision = self._cache.revision
        read = await find_grant_with_memberships(self._engine, grant_id, self._clock(), driver)
        if read is None:
            return None
        grant, memberships = read
        if not memberships:
            return None
        actor = Actor(grant.person_id, grant.client_id, grant.id, memberships, grant.default_household_id)
        found = CachedGrant(grant, actor)
        self._cache.keep(found, revision)
        return found


def _renew(caller: Caller, found: CachedGrant | None) -> Caller | None:
    if found is None:
        return None
    return replace(caller, actor=found.actor, scopes=caller.scopes & expand(found.grant.scopes))


def _is_for(claims: AccessClaims, grant: Grant) -> bool:
    """Whether the grant is the one that the token is for. That of an external token was found by person and issuer."""
    return claims.client_id == grant.client_id and (
        not isinstance(claims, Claims) or (claims.sub == grant.person_id and grant.issuer is None)
    )
