"""Tokens for service accounts: RFC 6749 section 4.4, and the MCP extension
io.modelcontextprotocol/oauth-client-credentials."""

from dataclasses import dataclass
from datetime import datetime

from app.db import Connection
from app.oauth.clients.repository import Client
from app.oauth.faults import OAuthFault, invalid_target, unauthorized_client
from app.oauth.grants.repository import GrantRow, find_service_grant
from app.oauth.metadata import PUBLIC
from app.oauth.parameters import Parameters
from app.resources import Resource
from app.scopes import intersect_scopes


@dataclass(frozen=True, slots=True)
class Granted:
    """The live grant of a service account, and the scopes for this one access token."""

    grant: GrantRow
    scopes: frozenset[str]


async def grant_of_service(
    connection: Connection, client: Client, parameters: Parameters, resource: Resource | None, now: datetime
) -> Granted | OAuthFault:
    """What an authenticated client may do in its own name. No refresh token comes of it (section 4.4.3)."""
    grant = (
        None if client.token_endpoint_auth_method == PUBLIC else await find_service_grant(connection, client.id, now)
    )
    if grant is None:
        return unauthorized_client("This client is no service account, or its account has ended.")
    if resource not in (None, grant.endpoint):
        return invalid_target()
    scopes = intersect_scopes(grant.scopes, parameters.get("scope"))
    if not scopes:
        return OAuthFault("invalid_scope", "The account has none of these scopes.")
    return Granted(grant, scopes)
