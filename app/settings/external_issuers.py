"""The setting OIDC_ISSUERS: external issuers whose access tokens are accepted."""

from typing import Annotated, Any, Final, Literal, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import from_json

LONGEST_ISSUER: Final = 500
MOST_ISSUERS: Final = 16

Algorithm = Literal[
    "ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"
]  # fmt: skip
"""Public-key signatures. Not `none` or HMAC: with those, anybody who knows the public key could sign (RFC 8725
section 2.1)."""

DEFAULT_ALGORITHMS: Final[tuple[Algorithm, ...]] = ("ES256", "RS256", "PS256", "EdDSA")


def check_issuer(issuer: str) -> str:
    """Check an issuer identifier and return it unchanged (RFC 8414 section 2). Raises `ValueError` with a message."""
    try:
        parts = urlsplit(issuer)
        _ = parts.port
    except ValueError:
        raise ValueError("must be an issuer such as https://id.example.org") from None
    if parts.scheme not in ("https", "http") or not parts.hostname or not issuer.isascii() or not issuer.isprintable():
        raise ValueError("must be an issuer such as https://id.example.org")
    if parts.username is not None or "?" in issuer or "#" in issuer:
        raise ValueError("must have no user name, query or fragment")
    if len(issuer) > LONGEST_ISSUER:
        raise ValueError(f"must have at most {LONGEST_ISSUER} characters")
    return issuer


class ExternalIssuer(BaseModel):
    """An issuer: its identifier, its signature algorithms, and the `typ` of its access tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: Annotated[str, AfterValidator(check_issuer)]
    algorithms: Annotated[tuple[Algorithm, ...], Field(min_length=1)] = DEFAULT_ALGORITHMS
    token_type: Literal["at+jwt", "JWT"] = "at+jwt"  # noqa: S105  # the type of a token, not a token


def parse_issuers(value: object) -> object:
    """Parse the setting, issuers separated by commas or a JSON list, into the input of `ExternalIssuer`.

    Raises `ValueError` for broken JSON.
    """
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith(("[", "{")):
        try:
            given = from_json(value)
        except ValueError:
            raise ValueError("must be a JSON list, or issuers separated by commas") from None
    else:
        given = [each.strip() for each in value.split(",") if each.strip()]
    if not isinstance(given, list):
        raise ValueError("must be a JSON list, or issuers separated by commas")
    return [{"issuer": each} if isinstance(each, str) else each for each in cast("list[Any]", given)]
