"""Revocation of grants: each is recorded, and caches hear of it after the commit."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.audit.models import Action, AuditEntry
from app.audit.repository import record_all
from app.db import Connection
from app.errors import Conflict, NotFound
from app.oauth.errors import OAuthError
from app.oauth.grants.models import GrantKind, GrantRow, RevokedGrant
from app.oauth.grants.repository import Which, by_id, find_grant, revoke_grants

GrantRevoked = Callable[[UUID], None]
"""Called for each revoked grant after the commit, so that caches drop it at once. It must not raise."""


class RevocationReason(StrEnum):
    """Why a grant was revoked, as it is stored with the grant and in the audit log; docs/audit.md explains each."""

    BY_CLIENT = "revoked_by_client"
    BY_PERSON = "disconnected_by_person"
    BY_OPERATOR = "revoked_by_operator"
    CLIENT_REMOVED = "client_removed"
    PASSWORD_RESET = "password_reset"  # noqa: S105
    ADDRESS_VERIFIED = "address_verified"
    HOUSEHOLD_DELETED = "household_deleted"
    ACCOUNT_DELETED = "account_deleted"
    UNUSED = "unused"
    CONTESTED = "contested"
    REPLACED = "replaced"
    CODE_REPLAYED = "code_replayed"
    REFRESH_TOKEN_REPLAYED = "refresh_token_replayed"  # noqa: S105


REPLAYED: Final = (RevocationReason.CODE_REPLAYED, RevocationReason.REFRESH_TOKEN_REPLAYED)
"""A code or token came a second time: it is in two hands."""

_NOT_BY_PERSON: Final = (
    *(RevocationReason.BY_OPERATOR, RevocationReason.CLIENT_REMOVED, RevocationReason.UNUSED),
    RevocationReason.HOUSEHOLD_DELETED,
    *REPLAYED,
)


class ReplayDetected(OAuthError):
    """A code or refresh token was used again after it had been used up: its grant, which is locked, is contested."""

    is_recorded = True

    def __init__(self, grant: GrantRow, reason: RevocationReason, description: str) -> None:
        super().__init__("invalid_grant", description)
        self.grant = grant
        self.reason = reason


class GrantRevocations:
    """The grants that one transaction revokes, whose `committed` is `publish`.

    So caches hear of it as soon as it is stored, even if the request was cancelled meanwhile. `address` is the network
    address that the request came from, if there was one.
    """

    def __init__(self, grant_revoked: GrantRevoked, address: str | None = None) -> None:
        self._grant_revoked = grant_revoked
        self.address = address
        self._ended: list[UUID] = []

    async def revoke(
        self, connection: Connection, which: Which, because: RevocationReason, now: datetime
    ) -> list[RevokedGrant]:
        """Revoke those of the grants that are live, with all their tokens, and return them."""
        ended = await revoke_grants(connection, which, because, now)
        await record_all(connection, [self._entry(grant, because, now) for grant in ended])
        self._ended += [grant.id for grant in ended]
        return ended

    def publish(self) -> None:
        """Call `grant_revoked` for every grant that was revoked."""
        for grant_id in self._ended:
            self._grant_revoked(grant_id)

    def _entry(self, grant: RevokedGrant, because: RevocationReason, now: datetime) -> AuditEntry:
        not_by_person = because in _NOT_BY_PERSON
        return AuditEntry(
            action=Action.GRANT_REVOKED,
            at=now,
            person_id=None if not_by_person else grant.person_id,
            other_person_id=grant.person_id if not_by_person else None,
            client_id=grant.client_id,
            grant_id=grant.id,
            detail=because,
            address=self.address,
        )


async def revoke_by_command(
    connection: Connection, grant_id: UUID, revocations: GrantRevocations, now: datetime
) -> None:
    """Revoke a grant of any kind but a service account's, on behalf of the operator.

    Raises `NotFound` when there is no live one with that id, and `Conflict` for a service account, which is also a
    member of a household.
    """
    grant = await find_grant(connection, grant_id)
    if grant is not None and grant.kind == GrantKind.SERVICE:
        raise Conflict(f"This is a service account; end it with `service-accounts revoke {grant.client_id}`.")
    if not await revocations.revoke(connection, by_id(grant_id), RevocationReason.BY_OPERATOR, now):
        raise NotFound("There is no grant with this id, or it has ended already; `grants list` shows a person's.")
