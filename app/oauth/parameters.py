"""OAuth parameters: decoded, bounded, never repeated."""

from urllib.parse import urlsplit

from starlette.requests import Request

from app.errors import Invalid
from app.oauth.errors import invalid_request, invalid_target
from app.resources import MAIN, RESOURCES, Resource
from app.ui.forms import Fields, parse_fields, read_form

MAX_LENGTH = 8192

Parameters = dict[str, str]


def query_parameters(request: Request) -> Parameters:
    """Return the parameters in a request's query string. Raises `OAuthError`."""
    try:
        return _parameters(parse_fields(request.scope["query_string"]))
    except Invalid as error:
        raise invalid_request(error.message) from None


async def form_parameters(request: Request) -> Parameters:
    """Return the parameters in a request's form body. Raises `OAuthError`."""
    try:
        return _parameters(await read_form(request))
    except Invalid as error:
        raise invalid_request(error.message) from None


def _parameters(fields: Fields) -> Parameters:
    """A parameter without a value counts as absent, and none may be repeated (RFC 6749 section 3.1). No two resources
    can be served by one token (RFC 8707 section 2)."""
    parameters: Parameters = {}
    for name in fields.names():
        values = [value for value in fields.all(name) if value]
        if len(values) > 1:
            raise invalid_target() if name == "resource" else invalid_request("A parameter was sent more than once.")
        if values:
            if len(values[0]) > MAX_LENGTH:
                raise invalid_request("A parameter is too long.")
            parameters[name] = values[0]
    return parameters


def find_resource(public_url: str, identifier: str | None) -> Resource | None:
    """Return the MCP endpoint that a `resource` parameter identifies; None for any other address.

    An absent one means `/mcp`. Upper case in scheme and host and one trailing slash are accepted, never emitted.
    """
    if identifier is None:
        return MAIN
    try:
        parts = urlsplit(identifier)
    except ValueError:
        return None
    # An empty query or fragment too (RFC 8707 section 2).
    if "?" in identifier or "#" in identifier or not identifier.isascii() or not identifier.isprintable():
        return None
    canonical = f"{parts.scheme}://{parts.netloc.lower()}{parts.path.removesuffix('/')}"
    return next((each for each in RESOURCES if canonical == each.identifier(public_url)), None)
