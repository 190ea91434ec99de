"""What clients say of themselves (RFC 7591 section 2), at registration and in their documents."""

import json
from typing import Annotated, Any, Final, cast

from authlib.oauth2.rfc7591 import ClientMetadataClaims
from joserfc.errors import JoseError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.errors import Invalid
from app.oauth.clients.keys import jwks_uri_error, keys_error, read_keys, set_of
from app.oauth.clients.redirects import redirect_uri_error
from app.oauth.faults import OAuthFault
from app.oauth.metadata import AUTH_METHODS, PRIVATE_KEY_JWT, REGISTRABLE_GRANT_TYPES, server_metadata
from app.scopes import format_scope
from app.settings import Settings
from app.text import clean

LONGEST_NAME: Final = 100
LONGEST_REDIRECT_URIS: Final = 8_192
"""Characters of all together; one alone may have 2,048."""

INVALID: Final = "invalid_client_metadata"

Line = Annotated[str, Field(max_length=2048)]
_Lines = Annotated[list[Line], Field(max_length=20)]


class ClientMetadata(BaseModel):
    """The members that we understand; others are ignored (RFC 7591 section 2)."""

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


def metadata_error(error: ValidationError) -> OAuthFault:
    """The first of the faults that reading metadata found."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    if not first["loc"]:
        return OAuthFault(INVALID, "The body must be a JSON object of client metadata.")
    name = str(first["loc"][0])
    code = "invalid_redirect_uri" if name == "redirect_uris" else INVALID
    return OAuthFault(code, f"{name} is missing, too long or of the wrong type.")


def redirect_uris_error(settings: Settings, uris: list[str]) -> OAuthFault | None:
    """The first redirect URI that is not acceptable, and why."""
    if sum(len(uri) for uri in uris) > LONGEST_REDIRECT_URIS:
        return OAuthFault("invalid_redirect_uri", f"redirect_uris: {LONGEST_REDIRECT_URIS} characters in all, at most.")
    for number, uri in enumerate(uris):
        if (reason := redirect_uri_error(uri, settings.oauth_redirect_schemes)) is not None:
            return OAuthFault("invalid_redirect_uri", f"redirect_uris[{number}] is refused. {reason}")
    return None


def checked_metadata(settings: Settings, given: ClientMetadata) -> dict[str, Any] | OAuthFault:
    """The metadata as registered: what we don't support is left out where the RFC lets us, else refused."""
    metadata = given.model_dump(exclude_none=True)
    # Hosts also list grant and response types of other servers (device codes, id tokens).
    metadata["grant_types"] = [each for each in given.grant_types if each in REGISTRABLE_GRANT_TYPES]
    metadata["response_types"] = [each for each in given.response_types if each == "code"]
    if "authorization_code" not in metadata["grant_types"] or not metadata["response_types"]:
        return OAuthFault(INVALID, "Only the authorization code flow is offered here.")
    if given.token_endpoint_auth_method not in AUTH_METHODS:
        return OAuthFault(INVALID, f"token_endpoint_auth_method must be one of {', '.join(AUTH_METHODS)}.")
    if given.scope is not None:
        metadata["scope"] = format_scope(given.scope.split())
        if not metadata["scope"]:
            del metadata["scope"]
    try:
        if given.client_name is not None:
            metadata["client_name"] = clean(given.client_name, "client_name", LONGEST_NAME)
    except Invalid:
        return OAuthFault(INVALID, f"client_name must be printable and at most {LONGEST_NAME} characters.")
    return _with_keys(given, metadata) or _by_the_rfc(settings, metadata)


def _with_keys(given: ClientMetadata, metadata: dict[str, Any]) -> OAuthFault | None:
    """Keys are for private_key_jwt, and there in exactly one of the two ways (RFC 7591 section 2)."""
    if given.token_endpoint_auth_method != PRIVATE_KEY_JWT:
        metadata.pop("jwks", None)
        metadata.pop("jwks_uri", None)
        return None
    if (given.jwks is None) == (given.jwks_uri is None):
        return OAuthFault(INVALID, "private_key_jwt needs either jwks or jwks_uri.")
    if given.jwks is not None:
        if (fault := keys_error(given.jwks)) is not None:
            return OAuthFault(INVALID, f"jwks is refused. {fault}")
        metadata["jwks"] = set_of(read_keys(given.jwks))
        return None
    fault = jwks_uri_error(given.jwks_uri or "")
    return None if fault is None else OAuthFault(INVALID, f"jwks_uri is refused. {fault}")


def _by_the_rfc(settings: Settings, metadata: dict[str, Any]) -> dict[str, Any] | OAuthFault:
    options = ClientMetadataClaims.get_claims_options(server_metadata(settings))
    # Authlib would read the keys a second time, and warn of what `fault_of_keys` refuses.
    claims = {name: value for name, value in metadata.items() if name != "jwks"}
    try:
        ClientMetadataClaims(claims, {}, options).validate()
    except JoseError as error:
        name = getattr(error, "claim", "") or "The metadata"
        return OAuthFault(INVALID, f"{name} is not valid.")
    if "\\u0000" in json.dumps(metadata):
        return OAuthFault(INVALID, "The metadata contains a NUL character.")
    return metadata
