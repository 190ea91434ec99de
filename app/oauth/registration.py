"""Dynamic client registration (RFC 7591)."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, cast

from authlib.oauth2.rfc7591 import ClientMetadataClaims
from joserfc.errors import JoseError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.config import Settings
from app.errors import Invalid
from app.oauth.clients import PUBLIC
from app.oauth.faults import OAuthFault
from app.oauth.metadata import AUTH_METHODS, REGISTRABLE_GRANT_TYPES, server_metadata
from app.oauth.redirects import fault_of_redirect_uri
from app.oauth.secrets import CLIENT_ID_PREFIX, CLIENT_SECRET_PREFIX, hash_of, new_secret
from app.oauth.store.clients import Client
from app.scopes import in_order
from app.text import clean

LONGEST_NAME: Final = 100
NAMELESS: Final = "An app without a name"
_INVALID: Final = "invalid_client_metadata"

_Line = Annotated[str, Field(max_length=2048)]
_Lines = Annotated[list[_Line], Field(max_length=20)]


class RegistrationRequest(BaseModel):
    """The members of the request that we understand; others are ignored (RFC 7591 section 2)."""

    model_config = ConfigDict(extra="ignore", strict=True)

    redirect_uris: Annotated[list[str], Field(min_length=1, max_length=20)]
    token_endpoint_auth_method: _Line = "client_secret_basic"  # noqa: S105  # the default of RFC 7591 section 2
    grant_types: _Lines = REGISTRABLE_GRANT_TYPES
    response_types: _Lines = ["code"]
    client_name: _Line | None = None
    client_uri: _Line | None = None
    logo_uri: _Line | None = None
    tos_uri: _Line | None = None
    policy_uri: _Line | None = None
    scope: _Line | None = None
    contacts: _Lines | None = None
    software_id: _Line | None = None
    software_version: _Line | None = None
    application_type: _Line | None = None

    @model_validator(mode="before")
    @classmethod
    def _leave_out_placeholders(cls, values: Any) -> Any:
        # Several hosts write null or "" for a member that they have no value for.
        if not isinstance(values, dict):
            return values
        members = cast("dict[str, Any]", values)
        return {name: value for name, value in members.items() if value is not None and value != ""}


@dataclass(frozen=True, slots=True)
class Registered:
    """A client to store, all its metadata, and the answer: its secret, if any, is there and nowhere else."""

    client: Client
    metadata: dict[str, Any]
    answer: dict[str, Any]


def register_client(settings: Settings, body: bytes, now: datetime) -> Registered | OAuthFault:
    """Check a registration request, a JSON object of client metadata."""
    request = _parse(body)
    if isinstance(request, OAuthFault):
        return request
    for number, uri in enumerate(request.redirect_uris):
        if (reason := fault_of_redirect_uri(uri)) is not None:
            return OAuthFault("invalid_redirect_uri", f"redirect_uris[{number}] is refused. {reason}")
    metadata = _checked_metadata(settings, request)
    if isinstance(metadata, OAuthFault):
        return metadata
    secret = None if request.token_endpoint_auth_method == PUBLIC else new_secret(CLIENT_SECRET_PREFIX)
    client = Client(
        id=CLIENT_ID_PREFIX + secrets.token_urlsafe(16),
        kind="dynamic",
        name=metadata.get("client_name", NAMELESS),
        redirect_uris=tuple(request.redirect_uris),
        token_endpoint_auth_method=request.token_endpoint_auth_method,
        secret_hash=None if secret is None else hash_of(secret),
    )
    answer = {"client_id": client.id, "client_id_issued_at": int(now.timestamp()), **metadata}
    if secret is not None:
        answer |= {"client_secret": secret, "client_secret_expires_at": 0}
    return Registered(client, metadata, answer)


def _parse(body: bytes) -> RegistrationRequest | OAuthFault:
    try:
        return RegistrationRequest.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    if not first["loc"]:
        return OAuthFault(_INVALID, "The body must be a JSON object of client metadata.")
    name = str(first["loc"][0])
    code = "invalid_redirect_uri" if name == "redirect_uris" else _INVALID
    return OAuthFault(code, f"{name} is missing, too long or of the wrong type.")


def _checked_metadata(settings: Settings, request: RegistrationRequest) -> dict[str, Any] | OAuthFault:
    """The metadata as registered: what we don't support is left out where the RFC lets us, else refused."""
    metadata = request.model_dump(exclude_none=True)
    # Hosts also list grant and response types of other servers (device codes, id tokens).
    metadata["grant_types"] = [each for each in request.grant_types if each in REGISTRABLE_GRANT_TYPES]
    metadata["response_types"] = [each for each in request.response_types if each == "code"]
    if "authorization_code" not in metadata["grant_types"] or not metadata["response_types"]:
        return OAuthFault(_INVALID, "Only the authorization code flow is offered here.")
    if request.token_endpoint_auth_method not in AUTH_METHODS:
        return OAuthFault(_INVALID, f"token_endpoint_auth_method must be one of {', '.join(AUTH_METHODS)}.")
    if request.scope is not None:
        metadata["scope"] = in_order(request.scope.split())
        if not metadata["scope"]:
            del metadata["scope"]
    try:
        if request.client_name is not None:
            metadata["client_name"] = clean(request.client_name, "client_name", LONGEST_NAME)
    except Invalid:
        return OAuthFault(_INVALID, f"client_name must be printable and at most {LONGEST_NAME} characters.")
    return _by_the_rfc(settings, metadata)


def _by_the_rfc(settings: Settings, metadata: dict[str, Any]) -> dict[str, Any] | OAuthFault:
    options = ClientMetadataClaims.get_claims_options(server_metadata(settings))
    try:
        ClientMetadataClaims(metadata, {}, options).validate()
    except JoseError as error:
        name = getattr(error, "claim", "") or "The metadata"
        return OAuthFault(_INVALID, f"{name} is not valid.")
    if "\\u0000" in json.dumps(metadata):
        return OAuthFault(_INVALID, "The metadata contains a NUL character.")
    return metadata
