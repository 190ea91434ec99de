"""The `resource` parameter (RFC 8707): which of our MCP endpoints a client wants to enter."""

from urllib.parse import urlsplit

from app.config import Settings
from app.resources import MAIN, RESOURCES, Resource


def resource_of(settings: Settings, identifier: str | None) -> Resource | None:
    """The endpoint that `identifier` means; None when it is not one of ours.

    Left out means `/mcp`. Upper case in scheme and host and one trailing slash are tolerated, never emitted.
    """
    if identifier is None:
        return MAIN
    try:
        parts = urlsplit(identifier)
    except ValueError:
        return None
    if parts.query or parts.fragment or not identifier.isascii() or not identifier.isprintable():
        return None
    canonical = f"{parts.scheme}://{parts.netloc.lower()}{parts.path.removesuffix('/')}"
    return next((each for each in RESOURCES if canonical == each.identifier(settings.public_url)), None)
