"""Protected Resource Metadata (RFC 9728): tells clients where to get tokens."""

from collections.abc import Sequence
from typing import Final

from starlette.routing import BaseRoute, Route

from app.resources import Resource
from app.settings import Settings
from app.ui.public_document import public_document

WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"
CACHE_SECONDS: Final = 3600


def metadata_url(settings: Settings, path: str) -> str:
    """Return the URL of a resource's metadata, with the well-known part before the path (RFC 9728 section 3.1)."""
    return f"{settings.public_origin}{WELL_KNOWN}{settings.public_path}{path}"


def resource_metadata_routes(settings: Settings, resources: Sequence[Resource]) -> list[BaseRoute]:
    """Return the metadata of each resource at its own URL, and that of the first one at the root of the host too.

    Each names itself as `resource`: hosts compare it with the URL they connected to, byte by byte.
    """
    paths = {f"{WELL_KNOWN}{settings.public_path}{each.path}": each for each in resources}
    paths[WELL_KNOWN] = resources[0]
    return [_route(settings, path, each) for path, each in paths.items()]


def _route(settings: Settings, path: str, resource: Resource) -> Route:
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
    return public_document(path, document, CACHE_SECONDS)
