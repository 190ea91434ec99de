"""Client metadata (RFC 7591 section 2), at registration and in metadata documents."""

import json
from collections.abc import Iterable
from typing import Annotated, Any, Final, cast

from authlib.oauth2.rfc7591 import ClientMetadataClaims
from joserfc.errors import JoseError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.errors import Invalid
from app.oauth.clients.keys import jwk_set, jwks_uri_error, keys_error, read_keys
from app.oauth.clients.models import AUTH_METHODS, GRANT_TYPES, PRIVATE_KEY_JWT, REGISTRABLE_GRANT_TYPES
from app.oauth.clients.redirects import redirect_uri_error
from app.oauth.errors import OAuthError
from app.scopes import ALL_SCOPES, format_scope
from app.text import clean

LONGEST_NAME: Final = 100
LONGEST_REDIRECT_URIS: Final = 8_192
"""Characters of all together; one alone may have 2,048."""

INVALID: Final = "invalid_client_metadata"
INVALID_REDIRECT_URI: Final = "invalid_redirect_uri"

_SUPPORTED: Final = ClientMetadataClaims.get_claims_options(
    {
        "scopes_supported": ALL_SCOPES,
        "response_types_supported": ["code"],
        "grant_types_supported": GRANT_TYPES,
        "token_endpoint_auth_methods_supported": AUTH_METHODS,
    }
)

Line = Annotated[str, Field(max_length=2048)]
_Lines = Annotated[list[Line], Field(max_length=20)]


class ClientMetadata(BaseModel):
    """The members that are read; others are ignored (RFC 7591 section 2)."""

    model_config = ConfigDict(extra="ignore", strict=True)

    redirect_uris: Annotated[list[str], Field(min_length=1, max_length=20)]
    token_endpoint_auth_method: Line = "client_secret_basic"  # noqa: S105  # the default of RFC 7591 section 2
    grant_types: _Lines = REGISTRABLE_GRANT_TYPES
    response_types: _Lines = ["code"]
    client_name: Line | None = None
    client_uri: Line | None = None
    logo_uri: Line | None = None
    tos_uri: Line | None = None
    policy_uri: Line | None = None
    jwks_uri: Line | None = None
    jwks: dict[str, Any] | None = None
    scope: Line | None = None
    contacts: _Lines | None = None
    software_id: Line | None = None
    software_version: Line | None = None
    application_type: Line | None = None

    @model_validator(mode="before")
    @classmethod
    def _leave_out_placeholders(cls, values: Any) -> Any:
        # Several hosts write null or "" for a member that they have no value for.
        if not isinstance(values, dict):
            return values
        members = cast("dict[str, Any]", values)
        return {name: value for name, value in members.items() if value is not None and value != ""}


def metadata_error(error: ValidationError) -> OAuthError:
    """Return the error for metadata that could not be read, about its first fault."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    if not first["loc"]:
        return OAuthError(INVALID, "The body must be a JSON object of client metadata.")
    name = str(first["loc"][0])
    code = INVALID_REDIRECT_URI if name == "redirect_uris" else INVALID
    return OAuthError(code, f"{name} is missing, too long or of the wrong type.")


def check_redirect_uris(uris: list[str], private_schemes: Iterable[str]) -> None:
    """Raise `OAuthError` about the first redirect URI that is not acceptable."""
    if sum(len(uri) for uri in uris) > LONGEST_REDIRECT_URIS:
        raise OAuthError(INVALID_REDIRECT_URI, f"redirect_uris: {LONGEST_REDIRECT_URIS} characters in all, at most.")
    for number, uri in enumerate(uris):
        if (reason := redirect_uri_error(uri, private_schemes)) is not None:
            raise OAuthError(INVALID_REDIRECT_URI, f"redirect_uris[{number}] is refused. {reason}")


def checked_metadata(given: ClientMetadata) -> dict[str, Any]:
    """Return the metadata as it is registered: what is not supported is left out where the RFC allows it.

    Raises `OAuthError` for the rest.
    """
    metadata = given.model_dump(exclude_none=True)
    # Hosts also list grant and response types of other servers (device codes, id tokens).
    metadata["grant_types"] = [each for each in given.grant_types if each in REGISTRABLE_GRANT_TYPES]
    metadata["response_types"] = [each for each in given.response_types if each == "code"]
    if "authorization_code" not in metadata["grant_types"] or not metadata["response_types"]:
        raise OAuthError(INVALID, "Only the authorization code flow is offered here.")
    if given.token_endpoint_auth_method not in AUTH_METHODS:
        raise OAuthError(INVALID, f"token_endpoint_auth_method must be one of {', '.join(AUTH_METHODS)}.")
    if given.scope is not None:
        metadata["scope"] = format_scope(given.scope.split())
        if not metadata["scope"]:
            del metadata["scope"]
    try:
        if given.client_name is not None:
            metadata["client_name"] = clean(given.client_name, "client_name", LONGEST_NAME)
    except Invalid:
        raise OAuthError(INVALID, f"client_name must be printable and at most {LONGEST_NAME} characters.") from None
    _check_keys(given, metadata)
    _check_by_rfc(metadata)
    return metadata


def _check_keys(given: ClientMetadata, metadata: dict[str, Any]) -> None:
    """Keys are for private_key_jwt, and there in exactly one of the two ways (RFC 7591 section 2)."""
    if given.token_endpoint_auth_method != PRIVATE_KEY_JWT:
        metadata.pop("jwks", None)
        metadata.pop("jwks_uri", None)
        return
    if (given.jwks is None) == (given.jwks_uri is None):
        raise OAuthError(INVALID, "private_key_jwt needs either jwks or jwks_uri.")
    if given.jwks is not None:
        if (reason := keys_error(given.jwks)) is not None:
            raise OAuthError(INVALID, f"jwks is refused. {reason}")
        metadata["jwks"] = jwk_set(read_keys(given.jwks))
    elif (reason := jwks_uri_error(given.jwks_uri or "")) is not None:
        raise OAuthError(INVALID, f"jwks_uri is refused. {reason}")


def _check_by_rfc(metadata: dict[str, Any]) -> None:
    # Authlib would read the keys a second time, and warn about what `keys_error` refuses.
    claims = {name: value for name, value in metadata.items() if name != "jwks"}
    try:
        ClientMetadataClaims(claims, {}, _SUPPORTED).validate()
    except JoseError as error:
        name = getattr(error, "claim", "") or "The metadata"
        raise OAuthError(INVALID, f"{name} is not valid.") from None
    if "\\u0000" in json.dumps(metadata):
        raise OAuthError(INVALID, "The metadata contains a NUL character.")
