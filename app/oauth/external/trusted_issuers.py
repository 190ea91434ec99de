"""The issuers whose access tokens are accepted: their keys and algorithms, and the claims that they must have."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.fetch.fetcher import Fetcher
from app.oauth.external.issuer import RemoteIssuer
from app.oauth.signing.key_ring import ALGORITHM, TOKEN_TYPE, KeyRing
from app.oauth.tokens.claims import AccessClaims, Claims, ExternalClaims
from app.people.identities import name_in
from app.runtime.clock import Clock, system_clock
from app.settings.external_issuers import ExternalIssuer

_PLAIN_TYPE: Final = "jwt"

# RFC 9068 section 2.2, and `gid`, the grant.
_OURS: Final = ("iss", "aud", "sub", "client_id", "gid", "jti", "scope", "iat", "exp")
_THEIRS: Final = ("iss", "aud", "sub", "client_id", "iat", "exp")
# A token that is not marked as an access token must have a claim that no ID token has.
_THEIRS_PLAIN: Final = ("iss", "aud", "sub", "scope", "exp")


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """What the verifier needs to know of an issuer.

    `required` has the claims that a token must have, by its `typ` in lower case; other types are refused.
    """

    identifier: str
    algorithms: Sequence[str]
    keys: KeyRing | RemoteIssuer
    required: Mapping[str, Sequence[str]]
    is_embedded: bool

    def claims(self, payload: Mapping[str, Any]) -> AccessClaims:
        """Return the claims of a verified token. Raises pydantic's `ValidationError`."""
        if self.is_embedded:
            return Claims.model_validate(payload)
        return ExternalClaims.model_validate({**payload, "name": name_in(payload)})


def embedded_issuer(issuer: str, keys: KeyRing) -> TrustedIssuer:
    """Return the authorization server of this service."""
    return TrustedIssuer(issuer, (ALGORITHM,), keys, {TOKEN_TYPE: _OURS}, is_embedded=True)


def external_issuers(
    issuers: Iterable[ExternalIssuer], fetcher: Fetcher, *, clock: Clock = system_clock
) -> list[TrustedIssuer]:
    """Return the issuers that the setting OIDC_ISSUERS describes."""
    return [_external(each, fetcher, clock) for each in issuers]


def _external(issuer: ExternalIssuer, fetcher: Fetcher, clock: Clock) -> TrustedIssuer:
    keys = RemoteIssuer(issuer.issuer, issuer.algorithms, fetcher, clock=clock)
    required: dict[str, Sequence[str]] = {TOKEN_TYPE: _THEIRS}
    if issuer.token_type == "JWT":  # noqa: S105  # the type of a token, not a token
        required[_PLAIN_TYPE] = _THEIRS_PLAIN
    return TrustedIssuer(issuer.issuer, issuer.algorithms, keys, required, is_embedded=False)


def type_of(header: Mapping[str, Any]) -> str:
    """Return the `typ` of a token as it stands in `TrustedIssuer.required`.

    Both spellings of a media type count (RFC 9068 section 4); without one it is a plain JWT (RFC 7519 section 5.1).
    """
    kind: object = header.get("typ", _PLAIN_TYPE)
    return kind.lower().removeprefix("application/") if isinstance(kind, str) else ""
