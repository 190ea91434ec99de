"""The bearer check: is this access token of an issuer that we trust, for us, and alive?"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

import jwt
from pydantic import ValidationError

from app.config import Settings
from app.oauth.issuers.trusted import TrustedIssuer, embedded_issuer, type_of
from app.oauth.signing.keys import KeyRing
from app.oauth.tokens.claims_cache import AccessClaims, ClaimsCache, Verified
from app.ops.clock import Clock, system_clock

LEEWAY: Final = timedelta(seconds=60)
LONGEST_TOKEN: Final = 8_192


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
            issuer = self._claimed_issuer(token)
            kid: Any = header.get("kid")
            algorithm: Any = header.get("alg")
            required = issuer.required.get(type_of(header)) if issuer is not None else None
            if issuer is None or required is None or not isinstance(kid, str) or algorithm not in issuer.algorithms:
                return None
            key = await issuer.keys.verification_key(kid, algorithm)
            if key is None:
                return None
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
        except (jwt.PyJWTError, ValidationError):
            return None
        if self._is_over(claims):
            return None
        self._known.keep(token, Verified(kid, algorithm, claims))
        return claims

    def _is_over(self, claims: AccessClaims) -> bool:
        return claims.exp <= self._clock() - LEEWAY

    def _claimed_issuer(self, token: str) -> TrustedIssuer | None:
        claimed: Any = jwt.decode(token, options={"verify_signature": False}).get("iss")
        return self._issuers.get(claimed) if isinstance(claimed, str) else None
