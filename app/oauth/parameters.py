"""OAuth parameters: decoded, bounded, never repeated."""

from urllib.parse import urlsplit

from app.errors import Invalid
from app.oauth.faults import OAuthFault, invalid_request, invalid_target
from app.resources import MAIN, RESOURCES, Resource
from app.settings import Settings
from app.ui.forms import Fields

MAX_LENGTH = 8192

Parameters = dict[str, str]


def parameters_of(fields: Fields) -> Parameters | OAuthFault:
    """The parameters by name. One without a value counts as left out, and none may be repeated (RFC 6749 section 3.1);
    several resources can't all be ours (RFC 8707 section 2)."""
    parameters: Parameters = {}
    for name in fields.names():
        try:
            values = [value for value in fields.all(name) if value]
        except Invalid as error:
            return invalid_request(error.message)
        if len(values) > 1:
            if name == "resource":
                return invalid_target()
            return invalid_request("A parameter was sent more than once.")
        if values:
            if len(values[0]) > MAX_LENGTH:
                return invalid_request("A parameter is too long.")
            parameters[name] = values[0]
    return parameters


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
