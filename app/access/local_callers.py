"""The caller behind the requests of a desktop host: the local person, by a grant for that host.

The grant is made without a consent page, because whoever starts the process can read the database anyway. It makes the
host visible: in the history, in the audit record, among the connected apps, where it can be revoked. It is one of kind
`external`, so that there is one for each name of a client, and a revoked one stays revoked.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from app.access.authenticator import Authenticator
from app.access.caller import Caller
from app.db import Engine, transaction
from app.errors import Conflict, Invalid
from app.oauth.grants.connected_apps_repository import MOST_CONNECTIONS
from app.oauth.grants.create import create_external_grant, has_room
from app.oauth.grants.models import LOCAL_ISSUER
from app.oauth.grants.repository import find_external_grant
from app.runtime.clock import Clock, system_clock
from app.scopes import expand
from app.text import clean

NAMELESS_CLIENT: Final = "stdio"
LONGEST_NAME: Final = 100

LASTS: Final = timedelta(days=3_650)
"""Longer than any process; a caller must have an end, because tokens do."""


class LocalCallers:
    """Finds the caller of a process that serves one host for one person."""

    def __init__(
        self,
        engine: Engine,
        authenticator: Authenticator,
        person_id: UUID,
        resource: str,
        client: str | None = None,
        *,
        clock: Clock = system_clock,
    ) -> None:
        """`client` is the name of the host, in place of the one that it gives itself; `resource` what it may use."""
        self._engine = engine
        self._authenticator = authenticator
        self._person_id = person_id
        self._resource = resource
        self._client = client
        self._clock = clock
        self._ends_at = clock() + LASTS
        self._grant_id: UUID | None = None

    async def find(self, client: str | None) -> Caller | None:
        """Return the caller, with rights as of now; None when the grant was revoked, or no membership is left.

        `client` is what the host calls itself; what it said first counts. Raises `LimitReached` for too many calls,
        `Unavailable`, and `Conflict` if the person has too many connections for another one.
        """
        if self._grant_id is None:
            self._grant_id = await self._find_or_create_grant(client_name(self._client or client))
        if self._grant_id is None:
            return None
        found = await self._authenticator.count_and_find(self._grant_id)
        if found is None:
            return None
        return Caller(found.actor, LOCAL_ISSUER, expand(found.grant.scopes), found.grant.endpoint, self._ends_at)

    async def _find_or_create_grant(self, client: str) -> UUID | None:
        """Return the grant of this client, live or revoked; None for a person without any household."""
        async with transaction(self._engine) as connection:
            now = self._clock()
            # This locks the person, so that of two hosts with one name the second finds the grant of the first.
            may_create = await has_room(connection, self._person_id, now)
            known = await find_external_grant(connection, self._person_id, LOCAL_ISSUER, client)
            if known is not None:
                return known
            if not may_create:
                raise Conflict(
                    f"You have {MOST_CONNECTIONS} connected apps, which is the limit. Disconnect some first."
                )
            return await create_external_grant(connection, self._person_id, LOCAL_ISSUER, client, self._resource, now)


def client_name(given: str | None) -> str:
    """Return the name of a host as it is shown, or one for a host that gives none that can be shown."""
    try:
        return clean((given or NAMELESS_CLIENT)[:LONGEST_NAME], "client", LONGEST_NAME)
    except Invalid:
        return NAMELESS_CLIENT
