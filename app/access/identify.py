"""From a bearer token to a caller: the token, the grant it hangs on, and today's memberships."""

from app.access.caller import Caller
from app.db import Engine, transaction
from app.households.repository import memberships_of
from app.households.tenant import Actor
from app.oauth.grants import Grant, find_live_grant
from app.oauth.verifier import Claims, TokenVerifier
from app.scopes import expand


class Identify:
    """Finds the caller of a request."""

    def __init__(self, engine: Engine, verifier: TokenVerifier) -> None:
        self._engine = engine
        self._verifier = verifier

    async def __call__(self, token: str) -> Caller | None:
        """The caller, or None when the token, its grant, or every membership is gone.

        Raises `Unavailable` when the database can't say.
        """
        claims = await self._verifier.verify(token)
        if claims is None:
            return None
        async with transaction(self._engine) as connection:
            grant = await find_live_grant(connection, claims.gid)
            if grant is None or not _belongs_together(claims, grant):
                return None
            memberships = await memberships_of(connection, grant.person_id)
        covered = tuple(each for each in memberships if each.household_id in grant.household_ids)
        if not covered:
            return None
        actor = Actor(grant.person_id, grant.client_id, grant.id, covered, grant.default_household_id)
        return Caller(actor, claims.iss, expand(claims.scope.split()) & expand(grant.scopes), claims.exp)


def _belongs_together(claims: Claims, grant: Grant) -> bool:
    return claims.sub == grant.person_id and claims.client_id == grant.client_id
