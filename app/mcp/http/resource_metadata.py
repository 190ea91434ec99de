"""Protected Resource Metadata (RFC 9728): where a client learns whom to ask for tokens."""

from collections.abc import Sequence
from typing import Final

from starlette.routing import BaseRoute, Route

from app.resources import Resource
from app.settings import Settings
from app.ui.public_document import public_document

WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"
CACHE_SECONDS: Final = 3600


def metadata_url(settings: Settings, path: str) -> str:
    """The address of a resource's metadata: the well-known part goes between host and path (RFC 9728 section 3.1)."""
    return f"{settings.public_origin}{WELL_KNOWN}{settings.public_path}{path}"


def resource_metadata_routes(settings: Settings, resources: Sequence[Resource]) -> list[BaseRoute]:
    """Metadata of each MCP endpoint at its own address, and of the first one at the root of the host too.

    Each names itself as `resource`: hosts compare it with the address they connected to, byte by byte.
    """
    addresses = {f"{WELL_KNOWN}{settings.public_path}{each.path}": each for each in resources}
    addresses[WELL_KNOWN] = resources[0]
    return [_route(settings, address, each) for address, each in addresses.items()]


def _route(settings: Settings, address: str, resource: Resource) -> Route:
    document = {
        "resource": resource.identifier(settings.public_url),
        "authorization_servers": [
            *([settings.issuer] if settings.auth_server else []),
            *(each.issuer for each in settings.oidc_issuers),
        ],
        # A client that asks for all of them asks for what most people want, and no more.
        "scopes_supported": list(resource.default_scopes),
        "bearer_methods_supported": ["header"],
        "resource_name": "Shopping lists",
    }

    return public_document(address, document, CACHE_SECONDS)
