"""What the authorization server says of itself (RFC 8414, and OpenID Connect Discovery for clients that look there)."""

from typing import Any

from app.oauth.clients.ids import are_documents_accepted
from app.oauth.clients.keys import ALGORITHMS
from app.oauth.signing.key_ring import ALGORITHM
from app.scopes import ALL_SCOPES
from app.settings import Settings

PUBLIC = "none"
SECRET_METHODS = ("client_secret_basic", "client_secret_post")
PRIVATE_KEY_JWT = "private_key_jwt"
CONFIDENTIAL_METHODS = [*SECRET_METHODS, PRIVATE_KEY_JWT]
AUTH_METHODS = [PUBLIC, *CONFIDENTIAL_METHODS]
REGISTRABLE_GRANT_TYPES = ["authorization_code", "refresh_token"]
"""What a client may register for by itself; service accounts are made by whoever runs the service."""

GRANT_TYPES = [*REGISTRABLE_GRANT_TYPES, "client_credentials"]


def server_metadata(settings: Settings) -> dict[str, Any]:
    """The metadata document: what works today, nothing more. Every address comes from PUBLIC_URL."""
    base = settings.public_url
    return {
        "issuer": settings.issuer,
        "authorization_endpoint": f"{base}/oauth/authorize",
        "token_endpoint": f"{base}/oauth/token",
        "registration_endpoint": f"{base}/oauth/register",
        "revocation_endpoint": f"{base}/oauth/revoke",
        "introspection_endpoint": f"{base}/oauth/introspect",
        "jwks_uri": f"{base}/oauth/jwks.json",
        "scopes_supported": list(ALL_SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": GRANT_TYPES,
        "token_endpoint_auth_methods_supported": AUTH_METHODS,
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": AUTH_METHODS,
        "revocation_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "introspection_endpoint_auth_methods_supported": CONFIDENTIAL_METHODS,
        "introspection_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "client_id_metadata_document_supported": are_documents_accepted(settings),
    }


def openid_configuration(settings: Settings) -> dict[str, Any]:
    """The same at OpenID Connect's address, with the two members without which its readers reject the document.

    We issue no id tokens; `openid` is not among the scopes.
    """
    return {
        **server_metadata(settings),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
    }
