"""An issuer whose access tokens are accepted: how they are signed, how they are marked, what they must hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import jwt

from app.fetch.fetcher import Fetcher
from app.oauth.external.issuer import RemoteIssuer
from app.oauth.signing.key_ring import ALGORITHM, TOKEN_TYPE, KeyRing
from app.oauth.tokens.claims_cache import AccessClaims, Claims, ExternalClaims
from app.people.identities import name_in
from app.runtime.clock import Clock, system_clock
from app.settings import Settings
from app.settings.external_issuers import ExternalIssuer

_PLAIN_TYPE: Final = "jwt"

# RFC 9068 section 2.2, and `gid`, the grant.
_OURS: Final = ("iss", "aud", "sub", "client_id", "gid", "jti", "scope", "iat", "exp")
_THEIRS: Final = ("iss", "aud", "sub", "client_id", "iat", "exp")
# A token that does not say that it is an access token must hold what no ID token holds.
_THEIRS_PLAIN: Final = ("iss", "aud", "sub", "scope", "exp")


class KeySource(Protocol):
    """Where the keys of an issuer come from."""

    async def verification_key(self, kid: str, algorithm: str) -> jwt.PyJWK | None:
        """The key of that id for that algorithm. Raises `Unavailable` when that can't be known."""
        ...


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """What the verifier needs to know of an issuer. `required` are the claims that a token of each type must have, by
    its `typ` in lower case; other types are refused."""

    identifier: str
    algorithms: Sequence[str]
    keys: KeySource
    required: Mapping[str, Sequence[str]]
    is_ours: bool

    def claims(self, payload: Mapping[str, Any]) -> AccessClaims:
        """The claims of a verified token. Raises pydantic's `ValidationError`."""
        if self.is_ours:
            return Claims.model_validate(payload)
        return ExternalClaims.model_validate({**payload, "name": name_in(payload)})


def embedded_issuer(settings: Settings, keys: KeyRing) -> TrustedIssuer:
    """The authorization server of this service."""
    return TrustedIssuer(settings.issuer, (ALGORITHM,), keys, {TOKEN_TYPE: _OURS}, is_ours=True)


def external_issuers(settings: Settings, fetcher: Fetcher, *, clock: Clock = system_clock) -> list[TrustedIssuer]:
    """The issuers in OIDC_ISSUERS."""
    return [_external(each, fetcher, clock) for each in settings.oidc_issuers]


def _external(issuer: ExternalIssuer, fetcher: Fetcher, clock: Clock) -> TrustedIssuer:
    keys = RemoteIssuer(issuer.issuer, issuer.algorithms, fetcher, clock=clock)
    required: dict[str, Sequence[str]] = {TOKEN_TYPE: _THEIRS}
    if issuer.token_type == "JWT":  # noqa: S105  # the type of a token, not a token
        required[_PLAIN_TYPE] = _THEIRS_PLAIN
    return TrustedIssuer(issuer.issuer, issuer.algorithms, keys, required, is_ours=False)


def type_of(header: Mapping[str, Any]) -> str:
    """The `typ` of a token as `TrustedIssuer.required` has it. Both spellings of a media type count (RFC 9068 section
    4); without one it is a plain JWT (RFC 7519 section 5.1)."""
    kind: object = header.get("typ", _PLAIN_TYPE)
    return kind.lower().removeprefix("application/") if isinstance(kind, str) else ""
