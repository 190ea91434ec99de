"""The authorization server's metadata (RFC 8414, and OpenID Connect Discovery for clients that look there)."""

from typing import Any

from app.oauth.clients.keys import ALGORITHMS
from app.oauth.clients.models import AUTH_METHODS, CONFIDENTIAL_METHODS, GRANT_TYPES
from app.oauth.clients.policy import ClientPolicy
from app.oauth.signing.key_ring import ALGORITHM
from app.scopes import ALL_SCOPES


def server_metadata(public_url: str, policy: ClientPolicy) -> dict[str, Any]:
    """Return the metadata document. Every URL comes from PUBLIC_URL."""
    return {
        "issuer": public_url,
        "authorization_endpoint": f"{public_url}/oauth/authorize",
        "token_endpoint": f"{public_url}/oauth/token",
        "registration_endpoint": f"{public_url}/oauth/register",
        "revocation_endpoint": f"{public_url}/oauth/revoke",
        "introspection_endpoint": f"{public_url}/oauth/introspect",
        "jwks_uri": f"{public_url}/oauth/jwks.json",
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
        "client_id_metadata_document_supported": policy.accepts_documents,
    }


def openid_configuration(public_url: str, policy: ClientPolicy) -> dict[str, Any]:
    """Return the metadata for OpenID Connect's URL, with the two members without which its readers reject it.

    There are no ID tokens; `openid` is not among the scopes.
    """
    return {
        **server_metadata(public_url, policy),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
    }
