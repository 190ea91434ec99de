"""Authorization codes: valid for a minute and one use, bound to client, redirect URI and PKCE challenge."""

import hmac
import re
from datetime import datetime, timedelta
from typing import Final, cast
from uuid import UUID

from authlib.oauth2.rfc7636 import create_s256_code_challenge  # pyright: ignore[reportUnknownVariableType]

from app.crypto.tokens import CODE_PREFIX, hash_of, new_secret
from app.db import Connection
from app.oauth.clients.models import Client
from app.oauth.errors import invalid_grant, invalid_request, invalid_target
from app.oauth.grants.models import GrantRow
from app.oauth.grants.repository import lock_grant
from app.oauth.grants.revocation import ReplayDetected, RevocationReason
from app.oauth.parameters import Parameters
from app.oauth.tokens.repository import Code, consume_code, insert_code, lock_code
from app.resources import Resource

CODE_LIFE: Final = timedelta(seconds=60)
_BAD_CODE: Final = "The code is wrong, expired or was used already."
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")


async def issue_code(
    connection: Connection, grant_id: UUID, redirect_uri: str, code_challenge: str, now: datetime
) -> str:
    """Create a code for a grant, and return it."""
    secret = new_secret(CODE_PREFIX)
    code = Code(hash_of(secret), grant_id, redirect_uri, code_challenge, now + CODE_LIFE, None)
    await insert_code(connection, code, now)
    return secret


async def redeem_code(
    connection: Connection, client: Client, parameters: Parameters, resource: Resource | None, now: datetime
) -> GrantRow:
    """Lock and return the grant of a code (RFC 6749 section 4.1.3, RFC 7636 section 4.6). Raises `OAuthError`.

    The first attempt uses the code up, even if it fails. A second one that is valid in everything else means that two
    parties have code and verifier (`ReplayDetected`).
    """
    if "code" not in parameters:
        raise invalid_request("The parameter code is missing.")
    code = await lock_code(connection, hash_of(parameters["code"]))
    if code is None:
        raise invalid_grant(_BAD_CODE)
    found = await lock_grant(connection, code.grant_id)
    verified = verify_pkce(parameters.get("code_verifier", ""), code.code_challenge)
    grant = found if verified and found is not None and found.is_usable_by(client) else None
    if code.consumed_at is not None:
        if grant is not None:
            raise ReplayDetected(grant, RevocationReason.CODE_REPLAYED, _BAD_CODE)
        raise invalid_grant(_BAD_CODE)
    await consume_code(connection, code.code_hash, now)
    if grant is None or now >= code.expires_at or not grant.is_live(now):
        raise invalid_grant(_BAD_CODE)
    if parameters.get("redirect_uri", code.redirect_uri) != code.redirect_uri:
        raise invalid_grant("The redirect_uri is not the one of the authorization request.")
    if resource not in (None, grant.endpoint):
        raise invalid_target()
    return grant


def is_s256_challenge(challenge: str) -> bool:
    """Whether the text has the shape of a PKCE challenge made with S256: 32 bytes in base64url (RFC 7636)."""
    return _CHALLENGE.fullmatch(challenge) is not None


def verify_pkce(verifier: str, challenge: str) -> bool:
    """Return whether the challenge was made from this verifier (RFC 7636 section 4.6)."""
    if _VERIFIER.fullmatch(verifier) is None:
        return False
    made = cast("str", create_s256_code_challenge(verifier))
    return hmac.compare_digest(made, challenge)
