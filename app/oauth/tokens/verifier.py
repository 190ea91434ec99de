"""The bearer check: is this access token of an issuer that we trust, for us, and alive?"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final, Literal

import jwt
import structlog
from pydantic import ValidationError

from app.oauth.external.trusted import TrustedIssuer, embedded_issuer, type_of
from app.oauth.signing.key_ring import KeyRing
from app.oauth.tokens.claims_cache import AccessClaims, ClaimsCache, Verified
from app.runtime.clock import Clock, system_clock
from app.settings import Settings

LEEWAY: Final = timedelta(seconds=60)
LONGEST_TOKEN: Final = 8_192

Wrong = Literal["issuer", "type", "algorithm", "key", "signature", "audience", "claims", "times", "exp"]
"""Which check a token fails, for the log: the first of them, and `claims` where one is missing or in a wrong shape."""

_log: Final = structlog.stdlib.get_logger("app.oauth")


class TokenVerifier:
    """Verifies tokens of the embedded issuer (unless `keys` is None) and of `others`, all in the same way.

    A made-up token costs one check of a signature at most. Keys that are not known are asked for by one at a time and
    then not for a while, however many tokens name them, so that nobody has to be counted here.
    """

    def __init__(
        self,
        settings: Settings,
        keys: KeyRing | None,
        others: Iterable[TrustedIssuer] = (),
        *,
        clock: Clock = system_clock,
    ) -> None:
        trusted = [*([embedded_issuer(settings, keys)] if keys is not None else []), *others]
        self._issuers = {issuer.identifier: issuer for issuer in trusted}
        self._audience = settings.resource
        self._clock = clock
        self._known = ClaimsCache()

    async def verify(self, token: str) -> AccessClaims | None:
        """The claims of a good token; None for every other one, and never which check failed.

        Raises `Unavailable` when the issuer's keys can't be had, so that nobody knows whether it is good.
        """
        return await self._recall(token) or await self._check(token)

    async def _recall(self, token: str) -> AccessClaims | None:
        """The claims of a token that was checked before and is still good; None for one that has to be checked."""
        known = self._known.find(token) if len(token) <= LONGEST_TOKEN else None
        if known is None:
            return None
        # The two things that can have changed since the signature was checked.
        keys = self._issuers[known.claims.iss].keys
        if not self._is_over(known.claims) and await keys.verification_key(known.kid, known.algorithm) is not None:
            return known.claims
        self._known.forget(token)
        return None

    async def _check(self, token: str) -> AccessClaims | None:
        """The claims of a token whose signature has to be checked."""
        if len(token) > LONGEST_TOKEN:
            return None
        try:
            header = jwt.get_unverified_header(token)
            # Nothing is believed yet: the claimed issuer only says whose keys must have signed.
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
        if not issuer.is_ours:
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
                # Our own tokens name one audience; others may name several, of which we are one (RFC 9068 section 4).
                options={"require": list(required), "strict_aud": issuer.is_ours},
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
        """The commonest slip in OIDC_ISSUERS. Issuers that nobody named are not worth a line."""
        if isinstance(claimed, str):
            for each in self._issuers.values():
                if not each.is_ours and each.identifier.rstrip("/") == claimed.rstrip("/"):
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
