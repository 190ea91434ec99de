"""The `resource` parameter (RFC 8707): which of our doors a client wants to enter."""

from urllib.parse import urlsplit

from app.config import Settings


def door_of(settings: Settings, resource: str | None) -> str | None:
    """The canonical identifier of the door that `resource` means; None when it is not ours.

    Left out means `/mcp`. Upper case in scheme and host and one trailing slash are tolerated, never emitted.
    """
    if resource is None:
        return settings.resource
    try:
        parts = urlsplit(resource)
    except ValueError:
        return None
    if parts.query or parts.fragment or not resource.isascii() or not resource.isprintable():
        return None
    canonical = f"{parts.scheme}://{parts.netloc.lower()}{parts.path.removesuffix('/')}"
    return canonical if canonical == settings.resource else None
