"""The grants of external issuers' tokens, created at first sight, so that these tokens are like any other."""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from app.db import Engine, new_id, transaction
from app.oauth.external.people import find_or_create_person
from app.oauth.grants.create import create_external_grant
from app.oauth.grants.repository import find_external_grant
from app.oauth.tokens.claims import ExternalClaims
from app.people.identities import Identity
from app.people.repository import find_identified
from app.runtime.clock import Clock, system_clock

MOST_GRANTS: Final = 10_000
KEPT: Final = timedelta(minutes=1)

_Key = tuple[str, str, str]


class ExternalGrants:
    """Finds grants by issuer, subject and client; the last MOST_GRANTS of them are cached for a minute.

    Only the id of the grant is cached: whether it is live is checked elsewhere, at every call.
    """

    def __init__(self, engine: Engine, resource: str, *, clock: Clock = system_clock) -> None:
        self._engine = engine
        self._resource = resource
        self._clock = clock
        self._known: OrderedDict[_Key, tuple[datetime, UUID]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    async def find(self, claims: ExternalClaims) -> UUID | None:
        """Return the id of the grant, live or revoked; None for a person without any household.

        A person seen for the first time gets a household, and a client seen for the first time a grant for the person's
        households. Raises `Unavailable` when the database is away.
        """
        key = (claims.iss, claims.sub, claims.client_id)
        now = self._clock()
        read_at, grant_id = self._known.get(key, (now, None))
        if grant_id is None or not read_at <= now < read_at + KEPT:
            grant_id = await self._find_stored(claims) or await self._create(claims, now)
            if grant_id is not None:
                self._keep(key, grant_id, now)
        return grant_id

    def _keep(self, key: _Key, grant_id: UUID, now: datetime) -> None:
        self._known.pop(key, None)
        self._known[key] = (now, grant_id)
        if len(self._known) > MOST_GRANTS:
            self._known.popitem(last=False)

    async def _find_stored(self, claims: ExternalClaims) -> UUID | None:
        async with transaction(self._engine) as connection:
            person = await find_identified(connection, claims.iss, claims.sub)
            if person is None:
                return None
            return await find_external_grant(connection, person.id, claims.iss, claims.client_id)

    async def _create(self, claims: ExternalClaims, now: datetime) -> UUID | None:
        household_id = new_id()
        async with transaction(self._engine, household_id=household_id) as connection:
            identity = Identity(claims.iss, claims.sub, claims.name)
            person = await find_or_create_person(connection, identity, household_id, now)
            return await create_external_grant(
                connection,
                person.id,
                claims.iss,
                claims.client_id,
                self._resource,
                now,
                issuer_host=urlsplit(claims.iss).netloc,
            )
