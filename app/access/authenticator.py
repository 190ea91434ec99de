"""From a bearer token to a caller: the token, the grant it hangs on, and today's memberships."""

from dataclasses import replace
from uuid import UUID

from app.access.api_keys import ApiKeys
from app.access.caller import Caller
from app.access.grant_cache import CachedGrant, GrantCache
from app.crypto.tokens import API_KEY_PREFIX
from app.db import Engine, transaction
from app.households.repository import memberships_of
from app.households.tenant import Actor
from app.limits.defaults import CALLS, CALLS_OF_PERSON, UNKNOWN_KEYS
from app.limits.rate_limit import RateLimiter
from app.oauth.credentials.api_keys import is_api_key
from app.oauth.external.grants import ExternalGrants
from app.oauth.grants.models import Grant, find_live_grant
from app.oauth.tokens.claims_cache import AccessClaims, Claims
from app.oauth.tokens.verifier import LEEWAY, TokenVerifier
from app.runtime.clock import Clock, system_clock
from app.scopes import expand


class Authenticator:
    """Finds the caller of a request.

    Without `api_keys` no API key is good; without `external`, tokens of external issuers are nobody's.
    """

    def __init__(
        self,
        engine: Engine,
        verifier: TokenVerifier,
        known: GrantCache,
        limiter: RateLimiter,
        *,
        api_keys: ApiKeys | None = None,
        external: ExternalGrants | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self._engine = engine
        self._verifier = verifier
        self._known = known
        self._limiter = limiter
        self._api_keys = api_keys
        self._external = external
        self._clock = clock

    async def __call__(self, token: str, address: str) -> Caller | None:
        """The caller, or None when the token, its grant, or every membership is gone. `address` sent the token.

        Raises `Unavailable` when the database, or the issuer, can't say; `LimitReached` for a grant or a person that
        calls too often, and for an API key that would have to be looked up when its address has sent too many unknown
        ones.
        """
        if token.startswith(API_KEY_PREFIX):
            return None if self._api_keys is None else await self._find_by_key(self._api_keys, token, address)
        claims = await self._verifier.verify(token)
        grant_id = await self._grant_of(claims) if claims is not None else None
        if claims is None or grant_id is None:
            return None
        found = await self._standing(grant_id)
        if found is None or not _is_of(claims, found.grant):
            return None
        scopes = expand(claims.scope.split()) & expand(found.grant.scopes)
        return Caller(found.actor, claims.iss, scopes, found.grant.endpoint, claims.exp)

    async def revalidate(self, caller: Caller) -> Caller | None:
        """A proven caller as a request that comes now would find it, or None when it would find nobody any more.

        Raises `Unavailable` when the database can't say.
        """
        if caller.expires_at + LEEWAY <= self._clock():
            return None
        found = self._known.find(caller.actor.grant_id)
        if found is not None and found.actor is caller.actor:
            return caller
        return _renewed(caller, found or await self._find(caller.actor.grant_id))

    async def reload(self, caller: Caller) -> Caller | None:
        """A proven caller as the database has it, or None when the grant, or every membership, has ended since.

        Raises `Unavailable` when the database can't say.
        """
        return _renewed(caller, await self._find(caller.actor.grant_id))

    async def count_further(self, caller: Caller, calls: int) -> None:
        """Count the calls of a batch beyond the first. Raises `RateLimited`."""
        await self._limiter.check(CALLS, caller.actor.grant_id, times=calls)
        await self._limiter.check(CALLS_OF_PERSON, caller.actor.person_id, times=calls)

    async def _find_by_key(self, api_keys: ApiKeys, key: str, address: str) -> Caller | None:
        if not is_api_key(key):
            return None
        grant_id = api_keys.recall(key) or await self._look_up(api_keys, key, address)
        if grant_id is None:
            return None
        found = await self._standing(grant_id)
        if found is None or (ends_at := found.grant.expires_at) is None:
            return None
        await api_keys.note_use(key)
        return Caller(found.actor, api_keys.issuer, expand(found.grant.scopes), found.grant.endpoint, ends_at)

    async def _look_up(self, api_keys: ApiKeys, key: str, address: str) -> UUID | None:
        # Only keys that are new come here: those that are known, and tokens, pass while others invent keys.
        await self._limiter.peek(UNKNOWN_KEYS, address)
        grant_id = await api_keys.look_up(key)
        if grant_id is None:
            await self._limiter.count(UNKNOWN_KEYS, address)
        return grant_id

    async def _grant_of(self, claims: AccessClaims) -> UUID | None:
        if isinstance(claims, Claims):
            return claims.gid
        return await self._external.find(claims) if self._external is not None else None

    async def _standing(self, grant_id: UUID) -> CachedGrant | None:
        """The grant behind a proven token, with one call of it counted, whatever kind of token it is."""
        # Before anything is read, so that a token of a grant that has ended can't have it looked up without end.
        await self._limiter.check(CALLS, grant_id)
        found = self._known.find(grant_id) or await self._find(grant_id)
        if found is not None:
            await self._limiter.check(CALLS_OF_PERSON, found.actor.person_id)
        return found

    async def _find(self, grant_id: UUID) -> CachedGrant | None:
        endings = self._known.endings
        async with transaction(self._engine) as connection:
            grant = await find_live_grant(connection, grant_id, self._clock())
            if grant is None:
                return None
            memberships = await memberships_of(connection, grant.person_id)
        covered = tuple(each for each in memberships if each.household_id in grant.household_ids)
        if not covered:
            return None
        actor = Actor(grant.person_id, grant.client_id, grant.id, covered, grant.default_household_id)
        found = CachedGrant(grant, actor)
        self._known.keep(found, endings)
        return found


def _renewed(caller: Caller, found: CachedGrant | None) -> Caller | None:
    if found is None:
        return None
    return replace(caller, actor=found.actor, scopes=caller.scopes & expand(found.grant.scopes))


def _is_of(claims: AccessClaims, grant: Grant) -> bool:
    """Whether the grant is the one that the token means. That of an external token was found by person and issuer."""
    return claims.client_id == grant.client_id and (
        not isinstance(claims, Claims) or (claims.sub == grant.person_id and grant.issuer is None)
    )
