"""Reading a client's document (draft-ietf-oauth-client-id-metadata-document section 4.1)."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.oauth.clients.metadata import ClientMetadata, Line, checked_metadata, metadata_error
from app.oauth.clients.redirects import redirect_uri_error
from app.oauth.clients.repository import Client
from app.oauth.faults import OAuthFault, invalid_request
from app.oauth.metadata import PUBLIC, SECRET_METHODS
from app.settings import Settings

UNREADABLE: Final = invalid_request("The document at the client_id can not be used.")
"""What is said as long as a document has not shown that it is meant for us: nothing of what is at that address."""


class _Named(BaseModel):
    """The one member that shows a document to be what its address says."""

    model_config = ConfigDict(extra="allow", strict=True)

    client_id: str


class _Metadata(ClientMetadata):
    client_name: Line  # pyright: ignore[reportGeneralTypeIssues, reportIncompatibleVariableOverride]
    redirect_uris: Annotated[list[str], Field(min_length=1, max_length=50)]
    # The default of RFC 7591 needs a secret, which no document can hold.
    token_endpoint_auth_method: Line = PUBLIC


@dataclass(frozen=True, slots=True)
class Described:
    """The client that a document describes, and all its metadata."""

    client: Client
    metadata: dict[str, Any]


def read_document(settings: Settings, client_id: str, body: bytes) -> Described | OAuthFault:
    """The client that the document fetched from `client_id` describes.

    Its `client_id` must be that address, byte for byte. It has a name, and no secret. Redirect URIs that are not
    accepted here are passed over, because a document speaks to every server; one at least must be left.
    """
    try:
        named = _Named.model_validate_json(body)
    except ValidationError:
        return UNREADABLE
    if named.client_id != client_id:
        return UNREADABLE
    if any(name.startswith("client_secret") for name in named.model_extra or {}):
        return invalid_request("The document holds a client_secret.")
    try:
        given = _Metadata.model_validate_json(body)
    except ValidationError as error:
        return metadata_error(error)
    if given.token_endpoint_auth_method in SECRET_METHODS:
        return invalid_request("token_endpoint_auth_method of a document must be none or private_key_jwt.")
    schemes = settings.oauth_redirect_schemes
    redirect_uris = [uri for uri in given.redirect_uris if redirect_uri_error(uri, schemes) is None]
    if not redirect_uris:
        return OAuthFault("invalid_redirect_uri", "None of the redirect_uris is accepted here.")
    metadata = checked_metadata(settings, given.model_copy(update={"redirect_uris": redirect_uris}))
    if isinstance(metadata, OAuthFault):
        return metadata
    client = Client(
        id=client_id,
        kind="document",
        name=metadata["client_name"],
        redirect_uris=tuple(redirect_uris),
        token_endpoint_auth_method=given.token_endpoint_auth_method,
        jwks=metadata.get("jwks"),
        jwks_uri=metadata.get("jwks_uri"),
    )
    return Described(client, metadata)
