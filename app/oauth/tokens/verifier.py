"""Verification of access tokens: issued by a trusted issuer, for this service, and not expired."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

import jwt
import structlog
from pydantic import ValidationError

from app.crypto.tokens import hash_of
from app.oauth.external.trusted_issuers import TrustedIssuer, type_of
from app.oauth.tokens.claims import AccessClaims
from app.runtime.clock import Clock, system_clock

LEEWAY: Final = timedelta(seconds=60)
LONGEST_TOKEN: Final = 8_192

Wrong = Literal["issuer", "type", "algorithm", "key", "signature", "audience", "claims", "times", "exp"]
"""The first check that a token fails, for the log; `claims` when one is missing or malformed."""

_log: Final = structlog.stdlib.get_logger("app.oauth")


class TokenVerifier:
    """Verifies access tokens of `issuers`, the embedded one and others alike, that are meant for `audience`.

    A forged token costs at most one check of a signature. Unknown keys are looked up one at a time and then not for a
    while, however many tokens name them, so no rate limit is needed here.
    """

    def __init__(
        self,
        audience: str,
        issuers: Iterable[TrustedIssuer],
        *,
        clock: Clock = system_clock,
    ) -> None:
        self._issuers = {issuer.identifier: issuer for issuer in issuers}
        self._audience = audience
        self._clock = clock
        self._known = ClaimsCache()

    async def verify(self, token: str) -> AccessClaims | None:
        """Return the claims of a valid token; None for every other one, whichever check failed.

        Raises `Unavailable` when the issuer's keys can't be fetched.
        """
        return await self._recall(token) or await self._check(token)

    async def _recall(self, token: str) -> AccessClaims | None:
        """Return the claims of a token that was verified before and is still valid; None for any other."""
        known = self._known.find(token) if len(token) <= LONGEST_TOKEN else None
        if known is None:
            return None
        # The two things that may have changed since the signature was verified.
        keys = self._issuers[known.claims.iss].keys
        if not self._is_over(known.claims) and await keys.verification_key(known.kid, known.algorithm) is not None:
            return known.claims
        self._known.forget(token)
        return None

    async def _check(self, token: str) -> AccessClaims | None:
        if len(token) > LONGEST_TOKEN:
            return None
        try:
            header = jwt.get_unverified_header(token)
            # Not verified yet: the claimed issuer only says whose keys must have signed.
            claimed: Any = jwt.decode(token, options={"verify_signature": False}).get("iss")
        except jwt.PyJWTError:
            return None
        issuer = self._issuers.get(claimed) if isinstance(claimed, str) else None
        if issuer is None:
            self._note_slash(claimed)
            return None
        found = await self._verified(token, header, issuer)
        if not isinstance(found, str):
            return found
        if not issuer.is_embedded:
            _note(issuer, found)
        return None

    async def _verified(self, token: str, header: dict[str, Any], issuer: TrustedIssuer) -> AccessClaims | Wrong:
        kid: Any = header.get("kid")
        algorithm: Any = header.get("alg")
        required = issuer.required.get(type_of(header))
        if required is None:
            return "type"
        if algorithm not in issuer.algorithms:
            return "algorithm"
        key = await issuer.keys.verification_key(kid, algorithm) if isinstance(kid, str) else None
        if key is None:
            return "key"
        try:
            payload = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._audience,
                issuer=issuer.identifier,
                leeway=LEEWAY,
                # The embedded issuer names one audience; others may name several (RFC 9068 section 4).
                options={"require": list(required), "strict_aud": issuer.is_embedded},
            )
            claims = issuer.claims(payload)
        except (jwt.PyJWTError, ValidationError) as error:
            return _wrong(error)
        if self._is_over(claims):
            return "exp"
        self._known.keep(token, Verified(kid, algorithm, claims))
        return claims

    def _is_over(self, claims: AccessClaims) -> bool:
        return claims.exp <= self._clock() - LEEWAY

    def _note_slash(self, claimed: Any) -> None:
        """Log the commonest mistake in OIDC_ISSUERS. Issuers that are not configured are not worth a line."""
        if isinstance(claimed, str):
            for each in self._issuers.values():
                if not each.is_embedded and each.identifier.rstrip("/") == claimed.rstrip("/"):
                    _note(each, "issuer")


def _note(issuer: TrustedIssuer, wrong: Wrong) -> None:
    _log.info("token not believed", issuer=issuer.identifier, wrong=wrong)


def _wrong(error: jwt.PyJWTError | ValidationError) -> Wrong:
    match error:
        case jwt.ExpiredSignatureError():  # looked at after the signature
            return "exp"
        case jwt.ImmatureSignatureError():
            return "times"
        case jwt.InvalidSignatureError():
            return "signature"
        case jwt.InvalidAudienceError():
            return "audience"
        case jwt.MissingRequiredClaimError(claim="aud"):
            return "audience"
        case _:
            return "claims"


MOST_TOKENS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Verified:
    """The claims of one token, and the key that signed it."""

    kid: str
    algorithm: str
    claims: AccessClaims


class ClaimsCache:
    """Verified claims by the SHA-256 of their token, so that a signature is not checked at every call.

    Holds at most MOST_TOKENS; the least recently used are dropped first. Whether the signing key is still valid and the
    grant still live is checked at every call.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, Verified] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def find(self, token: str) -> Verified | None:
        """Return what this token proved before; the caller checks whether it has expired since."""
        key = hash_of(token)
        verified = self._known.get(key)
        if verified is not None:
            self._known.move_to_end(key)
        return verified

    def keep(self, token: str, verified: Verified) -> None:
        """Cache a token that has just been verified."""
        self._known[hash_of(token)] = verified
        if len(self._known) > MOST_TOKENS:
            self._known.popitem(last=False)

    def forget(self, token: str) -> None:
        """Drop a token that is no longer valid."""
        self._known.pop(hash_of(token), None)
