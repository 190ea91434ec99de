"""Redirect URIs: which are accepted, how they are compared, and how an authorization response is added to one."""

import re
import string
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

from app.settings.types import NOT_PRIVATE_SCHEMES

LONGEST: Final = 2048
LOOPBACK_HOSTS: Final = ("localhost", "127.0.0.1", "[::1]")

# The characters of a URI (RFC 3986 section 2): no space, control character or backslash among them.
_URI_CHARACTERS: Final = frozenset(string.ascii_letters + string.digits + "-._~:/?#[]@!$&'()*+,;=%")

# Parameters of an authorization response (RFC 6749 section 4.1.2, RFC 9207 section 2).
_RESPONSE_PARAMETERS: Final = frozenset({"code", "state", "iss", "error", "error_description", "error_uri"})


_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]{0,59})://")


def redirect_uri_error(uri: str, private_schemes: Iterable[str]) -> str | None:
    """Return what is wrong with a redirect URI, for its developer; None when it is acceptable.

    `private_schemes` are accepted besides https (RFC 8252 section 7.1).
    """
    if len(uri) > LONGEST:
        return f"It is longer than {LONGEST} characters."
    if not _URI_CHARACTERS.issuperset(uri):
        return "It contains a character that no URI has."
    if "#" in uri:
        return "It has a fragment."
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return "It is not a URI."
    if "@" in parts.netloc:
        return "It has user information."
    if not parts.hostname or parts.netloc.endswith(":") or "%" in parts.netloc:
        return "It has no proper host."
    if "%2e" in parts.path.lower() or any(unquote(each) in (".", "..") for each in parts.path.split("/")):
        return "Its path has a dot segment or an encoded dot."
    return _scheme_error(uri, parts, private_schemes)


def _scheme_error(uri: str, parts: SplitResult, private_schemes: Iterable[str]) -> str | None:
    if uri.startswith("https://"):
        return None
    if uri.startswith("http://"):
        is_local = _host_as_sent(parts) in LOOPBACK_HOSTS
        return None if is_local else "Plain http is for localhost, 127.0.0.1 and [::1] only."
    if any(uri.startswith(f"{scheme}://") for scheme in private_schemes):
        return None
    scheme = custom_scheme(uri)
    if scheme is not None:
        return f"Its scheme is not https. The operator can accept {scheme} by OAUTH_REDIRECT_SCHEMES."
    return "Its scheme is not https."


def custom_scheme(uri: str) -> str | None:
    """Return the scheme of a URI that a program on a device may have for itself, and that an operator can accept; None
    for others."""
    found = _SCHEME.match(uri)
    return found[1] if found and found[1] not in NOT_PRIVATE_SCHEMES else None


def is_loopback(uri: str) -> bool:
    """Whether an accepted redirect URI leads to a port on the person's own device."""
    return uri.startswith("http://")


def is_on_device(uri: str) -> bool:
    """Whether an accepted redirect URI leads to a program on the person's own device: by a port or by a scheme, and
    any program there can claim either (RFC 8252 sections 8.3 and 8.6)."""
    return not uri.startswith("https://")


def is_registered(uri: str, registered: Iterable[str]) -> bool:
    """Whether `uri` is registered, compared as it was sent (RFC 9700 section 2.1).

    On loopback the port is ignored, because the operating system chooses it (RFC 8252 section 7.3); the host is not.
    """
    return any(
        uri == known or (is_loopback(uri) and is_loopback(known) and _without_port(uri) == _without_port(known))
        for known in registered
    )


def response_uri(redirect_uri: str, response: Mapping[str, str | None], issuer: str) -> str:
    """Return the redirect URI with the authorization response and the issuer in its query.

    Its own query is kept except for parameters of the response: `iss`, for example, must arrive once (RFC 9207 section
    2.4).
    """
    parts = urlsplit(redirect_uri)
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name not in _RESPONSE_PARAMETERS
    ]
    added = [(name, value) for name, value in response.items() if value is not None]
    return parts._replace(query=urlencode([*kept, *added, ("iss", issuer)])).geturl()


def shown_host(redirect_uri: str) -> str:
    """Return where the response goes, for a person to read. The URI is ASCII: look-alike letters show as punycode."""
    parts = urlsplit(redirect_uri)
    return parts.netloc if parts.scheme in ("http", "https") else f"{parts.scheme}://{parts.netloc}"


def _host_as_sent(parts: SplitResult) -> str:
    return parts.netloc if parts.port is None else parts.netloc.removesuffix(f":{parts.port}")


def _without_port(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    return _host_as_sent(parts), uri.removeprefix(f"{parts.scheme}://{parts.netloc}")
