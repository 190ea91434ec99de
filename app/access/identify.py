"""From a bearer token to a caller: the token, the grant it hangs on, and today's memberships."""

from dataclasses import replace
from uuid import UUID

from app.access.caller import Caller
from app.access.grant_cache import GrantCache, Standing
from app.db import Engine, transaction
from app.households.repository import memberships_of
from app.households.tenant import Actor
from app.oauth.grants import find_live_grant
from app.oauth.verifier import TokenVerifier
from app.scopes import expand


class Identify:
    """Finds the caller of a request."""

    def __init__(self, engine: Engine, verifier: TokenVerifier, known: GrantCache) -> None:
        self._engine = engine
        self._verifier = verifier
        self._known = known

    async def __call__(self, token: str) -> Caller | None:
        """The caller, or None when the token, its grant, or every membership is gone.

        Raises `Unavailable` when the database can't say.
        """
        claims = await self._verifier.verify(token)
        if claims is None:
            return None
        found = self._known.find(claims.gid) or await self._find(claims.gid)
        if found is None or (claims.sub, claims.client_id) != (found.grant.person_id, found.grant.client_id):
            return None
        scopes = expand(claims.scope.split()) & expand(found.grant.scopes)
        return Caller(found.actor, claims.iss, scopes, found.grant.resource, claims.exp)

    async def again(self, caller: Caller) -> Caller | None:
        """A proven caller as of this moment, or None when the grant, or every membership, has ended since.

        Raises `Unavailable` when the database can't say.
        """
        found = await self._find(caller.actor.grant_id)
        if found is None:
            return None
        return replace(caller, actor=found.actor, scopes=caller.scopes & expand(found.grant.scopes))

    async def _find(self, grant_id: UUID) -> Standing | None:
        endings = self._known.endings
        async with transaction(self._engine) as connection:
            grant = await find_live_grant(connection, grant_id)
            if grant is None:
                return None
            memberships = await memberships_of(connection, grant.person_id)
        covered = tuple(each for each in memberships if each.household_id in grant.household_ids)
        if not covered:
            return None
        actor = Actor(grant.person_id, grant.client_id, grant.id, covered, grant.default_household_id)
        found = Standing(grant, actor)
        self._known.keep(found, endings)
        return found
