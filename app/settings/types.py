"""The types of settings: how each is written, and the error message for a wrong value.

Every check raises `ValueError` with a message that continues the setting's name.
"""

import re
from ipaddress import ip_address
from typing import Annotated, Final, Literal
from urllib.parse import SplitResult, urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, Field, HttpUrl, SecretStr, TypeAdapter, ValidationError
from pydantic_settings import NoDecode

from app.settings.external_issuers import MOST_ISSUERS, ExternalIssuer, check_issuer, parse_issuers

SECRET_KEY_MIN_LENGTH: Final = 32
NOT_PRIVATE_SCHEMES: Final = frozenset(
    [
        *("about", "blob", "chrome", "data", "file", "filesystem", "ftp", "gopher", "http", "https", "intent", "jar"),
        *("javascript", "mailto", "resource", "sms", "tel", "urn", "vbscript", "view-source", "ws", "wss"),
    ]
)
"""Schemes that browsers and systems handle themselves, or give to many programs; an authorization response must never
be sent there."""

_SCHEME = re.compile("[a-z][a-z0-9+.-]*")  # RFC 3986 section 3.1
_HOST_PATTERN = re.compile(r"\*|(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_PATH = re.compile(r"(/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*")  # RFC 3986 section 3.3, without percent-encoding
_IMPLIED_PORTS: Final = {"http": 80, "https": 443}
_HTTP_URL = TypeAdapter(HttpUrl)


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _fold_case(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _split_at_commas(value: object) -> object:
    if isinstance(value, str):
        return [each.strip() for each in value.split(",") if each.strip()]
    return value


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError("is not a valid URL") from None
    return parts


def _check_origins(origins: list[str]) -> list[str]:
    for origin in origins:
        parts = _parts(origin)
        if parts.scheme not in ("http", "https") or not parts.netloc or origin != f"{parts.scheme}://{parts.netloc}":
            raise ValueError("must be origins such as https://app.example, separated by commas")
    return origins


def _check_schemes(schemes: list[str]) -> list[str]:
    if any(scheme in NOT_PRIVATE_SCHEMES or not _SCHEME.fullmatch(scheme) for scheme in schemes):
        raise ValueError(
            "must be private schemes in lower case, such as cursor or com.example.app, separated by commas"
        )
    return schemes


def _check_hosts(hosts: list[str]) -> list[str]:
    if not all(_HOST_PATTERN.fullmatch(host) for host in hosts):
        raise ValueError(
            "must be hosts such as app.example or *.example.org, without scheme, port or path, separated by commas"
        )
    return [host.lower() for host in hosts]


def _check_login_issuer(issuer: str) -> str:
    return check_issuer(issuer) if issuer else issuer


def _check_secret_key(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < SECRET_KEY_MIN_LENGTH:
        raise ValueError(f"must have at least {SECRET_KEY_MIN_LENGTH} characters; make one with: openssl rand -hex 32")
    return secret


def _check_previous_secret_key(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < SECRET_KEY_MIN_LENGTH:
        raise ValueError(f"must have at least {SECRET_KEY_MIN_LENGTH} characters: it is the SECRET_KEY used before")
    return secret


def _check_database_url(url: SecretStr) -> SecretStr:
    text = url.get_secret_value()
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in ("postgresql", "postgres", "postgresql+asyncpg"):
        raise ValueError("must be written like postgresql://user:password@host:5432/database")
    _parts(text)
    return SecretStr(f"postgresql://{rest}")


def _check_storage_url(url: SecretStr) -> SecretStr:
    text = url.get_secret_value()
    if text == "memory://":
        return url
    parts = _parts(text)
    if parts.scheme not in ("redis", "rediss") or not parts.hostname:
        raise ValueError("must be memory:// or written like redis://:password@host:6379/0")
    return url


def check_public_url(url: str) -> str:
    """Return PUBLIC_URL as browsers write it, without a trailing slash; empty if it is not set."""
    if not url:
        return url  # http://localhost:PORT, filled in once PORT is known
    parts = _parts(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be a full URL such as https://lists.example.org")
    try:
        normal = _HTTP_URL.validate_python(url)
    except ValidationError:
        raise ValueError("is not a valid URL") from None
    host = normal.host or ""
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("must have no user name, query or fragment")
    if normal.scheme == "http" and not is_loopback(host.strip("[]")):
        raise ValueError(
            "must start with https:// unless it is local (otherwise OAuth tokens would be sent unencrypted)"
        )
    path = parts.path.rstrip("/")
    if not _PATH.fullmatch(path) or (normal.path or "").rstrip("/") != path:
        raise ValueError("must have a plain path: letters, digits and - . _ ~ between single slashes")
    # Clients compare URLs byte by byte, and browsers normalize them. So PUBLIC_URL is kept as browsers write it: the
    # host in lower case and punycode, without a default port; and without a trailing slash.
    port = "" if normal.port == _IMPLIED_PORTS[normal.scheme] else f":{normal.port}"
    return f"{normal.scheme}://{host}{port}{path}"


def _check_email(address: str) -> str:
    try:
        return validate_email(address, check_deliverability=False).normalized
    except EmailNotValidError:
        raise ValueError("must be an e-mail address such as lists@example.org") from None


KNOWN_SCHEMES: Final = ("cursor", "vscode", "vscode-insiders", "windsurf", "warp", "raycast", "zed")
"""The schemes of programs that connect to MCP servers. None is a reversed domain name (RFC 8252 section 7.1), so any
program on a device can claim one; PKCE keeps a stolen code useless, and the consent page warns."""

Port = Annotated[int, Field(ge=1, le=65535)]
LogLevel = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_fold_case)]
RefreshReuse = Annotated[Literal["mark", "revoke"], BeforeValidator(_fold_case)]
SmtpTls = Annotated[Literal["starttls", "tls", "off"], BeforeValidator(_fold_case)]

Origins = Annotated[list[str], NoDecode, BeforeValidator(_split_at_commas), AfterValidator(_check_origins)]
"""Origins as a browser's Origin header writes them (RFC 6454 section 6.2)."""
PrivateSchemes = Annotated[list[str], NoDecode, BeforeValidator(_split_at_commas), AfterValidator(_check_schemes)]
"""Private-use URI schemes (RFC 8252 section 7.1)."""
HostPatterns = Annotated[list[str], NoDecode, BeforeValidator(_split_at_commas), AfterValidator(_check_hosts)]
"""Hosts in lower case; `*.example.org` means every host below it, `*` every host."""

PublicUrl = Annotated[str, AfterValidator(check_public_url)]
"""As browsers write it, without a trailing slash; empty if it is not set."""
DatabaseUrl = Annotated[SecretStr, AfterValidator(_check_database_url)]
"""`postgresql://…`, also when another of its schemes was given."""
StorageUrl = Annotated[SecretStr, AfterValidator(_check_storage_url)]
SecretKey = Annotated[SecretStr, AfterValidator(_check_secret_key)]
PreviousSecretKey = Annotated[SecretStr, AfterValidator(_check_previous_secret_key)]
EmailAddress = Annotated[str, AfterValidator(_check_email)]

Issuers = Annotated[list[ExternalIssuer], NoDecode, BeforeValidator(parse_issuers), Field(max_length=MOST_ISSUERS)]
LoginIssuer = Annotated[str, AfterValidator(_check_login_issuer)]
"""An issuer identifier (RFC 8414 section 2), or empty."""
