"""Ending grants."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.db import Connection
from app.oauth.faults import OAuthFault
from app.oauth.store.grants import revoke_grant

GrantRevoked = Callable[[UUID], None]
"""Told of each grant that was revoked, after the commit, so that caches drop it at once. It must not raise."""


@dataclass(frozen=True, slots=True)
class Revocation:
    """A finding that ends a grant: which one, why, and what the client is answered (None: nothing went wrong)."""

    grant_id: UUID
    because: str
    fault: OAuthFault | None = None


class Endings:
    """The grants that one transaction ends: `tell` is its `committed`.

    So caches hear of it as soon as it is stored, also when the request was given up meanwhile.
    """

    def __init__(self, grant_revoked: GrantRevoked) -> None:
        self._grant_revoked = grant_revoked
        self._ended: list[UUID] = []

    async def end(self, connection: Connection, grant_id: UUID, because: str, now: datetime) -> bool:
        """End a grant, and with it all its tokens; False when it had ended already."""
        self._ended.append(grant_id)
        return await revoke_grant(connection, grant_id, because, now)

    def tell(self) -> None:
        """Tell of every grant that was ended."""
        for grant_id in self._ended:
            self._grant_revoked(grant_id)
