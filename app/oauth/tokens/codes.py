"""Authorization codes: a minute, one use, bound to client, redirect URI and PKCE challenge."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.crypto.tokens import CODE_PREFIX, hash_of, new_secret
from app.db import Connection
from app.oauth.clients.repository import Client
from app.oauth.faults import OAuthFault, invalid_grant, invalid_request, invalid_target
from app.oauth.grants.models import is_of
from app.oauth.grants.repository import GrantRow, lock_grant
from app.oauth.grants.revocation import Revocation, RevocationReason
from app.oauth.parameters import Parameters
from app.oauth.tokens.code_repository import Code, consume_code, insert_code, lock_code
from app.oauth.tokens.pkce import verifies
from app.resources import Resource

CODE_LIFE: Final = timedelta(seconds=60)
_BAD_CODE: Final = "The code is wrong, expired or was used already."


async def issue_code(
    connection: Connection, grant_id: UUID, redirect_uri: str, code_challenge: str, now: datetime
) -> str:
    """A fresh code for a grant."""
    secret = new_secret(CODE_PREFIX)
    code = Code(hash_of(secret), grant_id, redirect_uri, code_challenge, now + CODE_LIFE, None)
    await insert_code(connection, code, now)
    return secret


async def redeem_code(
    connection: Connection, client: Client, parameters: Parameters, resource: Resource | None, now: datetime
) -> GrantRow | Revocation | OAuthFault:
    """The grant behind a code, locked (RFC 6749 section 4.1.3, RFC 7636 section 4.6).

    The first attempt uses the code up, also a failing one. A second one that is right in everything means that two
    parties hold code and verifier: the grant ends.
    """
    if "code" not in parameters:
        return invalid_request("The parameter code is missing.")
    code = await lock_code(connection, hash_of(parameters["code"]))
    if code is None:
        return invalid_grant(_BAD_CODE)
    found = await lock_grant(connection, code.grant_id)
    verified = verifies(parameters.get("code_verifier", ""), code.code_challenge)
    grant = found if verified and found is not None and is_of(found, client) else None
    if code.consumed_at is not None:
        fault = invalid_grant(_BAD_CODE)
        return fault if grant is None else Revocation(grant, RevocationReason.CODE_REPLAYED, fault)
    await consume_code(connection, code.code_hash, now)
    if grant is None or now >= code.expires_at or not grant.is_live(now):
        return invalid_grant(_BAD_CODE)
    if parameters.get("redirect_uri", code.redirect_uri) != code.redirect_uri:
        return invalid_grant("The redirect_uri is not the one of the authorization request.")
    if resource not in (None, grant.endpoint):
        return invalid_target()
    return grant
