"""Grants: one person's consent for one client. Refresh tokens hang on them, and every call checks them."""

from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from app.db import Connection
from app.oauth.clients.repository import Client
from app.oauth.grants import repository as store
from app.oauth.grants.repository import GrantRow
from app.oauth.metadata import PUBLIC


@dataclass(frozen=True, slots=True)
class Grant(GrantRow):
    """What a person allowed a client: these scopes, for this resource, in these households, until then (None: until
    revoked).

    `issuer` is whose client it is; None for a client of this service.
    """

    household_ids: tuple[UUID, ...]
    default_household_id: UUID


async def find_live_grant(connection: Connection, grant_id: UUID, now: datetime) -> Grant | None:
    """The grant of that id; None when it is revoked, expired or unknown (which of them is nobody's business)."""
    row = await store.find_grant(connection, grant_id)
    if row is None or not row.is_live(now):
        return None
    households = await store.find_grant_households(connection, grant_id)
    default = next((household_id for household_id, is_default in households if is_default), None)
    if default is None:
        return None
    return Grant(
        **{each.name: getattr(row, each.name) for each in fields(row)},
        household_ids=tuple(household_id for household_id, _ in households),
        default_household_id=default,
    )


def is_of(grant: GrantRow, client: Client) -> bool:
    """Whether a client, as it proves itself today, may use a grant.

    A document can change. New keys are taken over, because keys have to be replaced now and then. But what was
    approved for a client that proves itself is nothing for one that only names itself.
    """
    if grant.client_id != client.id:
        return False
    return grant.auth_method in (None, PUBLIC) or client.token_endpoint_auth_method != PUBLIC
