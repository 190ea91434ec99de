"""Settings: the only place that reads the environment (and an optional `.env`)."""

import re
import ssl
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    Field,
    HttpUrl,
    SecretStr,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.errors import StartupError
from app.external_issuers import MOST_ISSUERS, ExternalIssuer, check_issuer, parse_issuers
from app.resources import MAIN
from app.setting_words import in_words, place

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
SECRET_KEY_MIN_LENGTH = 32
NOT_PRIVATE_SCHEMES = frozenset({"about", "blob", "data", "file", "ftp", "http", "https", "javascript", "vbscript"})
"""What a browser does something with itself: an answer to an app must never be sent there."""

_SCHEME = re.compile("[a-z][a-z0-9+.-]*")  # RFC 3986 section 3.1
_HOST_PATTERN = re.compile(r"\*|(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


class Settings(BaseSettings):
    """Every setting of the service; docs/configuration.md says what each is for."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    public_url: str = ""
    database_url: SecretStr | None = None
    migration_database_url: SecretStr | None = None
    data_dir: Path = Path("data")
    secret_key: SecretStr | None = None
    secret_key_previous: SecretStr | None = None
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    allowed_origins: Annotated[list[str], NoDecode] = ["http://localhost:6274", "http://127.0.0.1:6274"]
    oauth_redirect_schemes: Annotated[list[str], NoDecode] = ["cursor"]
    client_id_hosts_allowed: Annotated[list[str], NoDecode] = []
    client_id_hosts_denied: Annotated[list[str], NoDecode] = []
    smtp_host: str | None = None
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 587
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_from: str | None = None
    smtp_tls: Literal["starttls", "tls", "off"] = "starttls"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    limits: Literal["on", "off"] = "on"
    rate_limit_storage_url: SecretStr = SecretStr("memory://")
    fetch_allow_loopback: Literal["on", "off"] = "off"
    fetch_ca_file: Path | None = None
    auth_server: Literal["on", "off"] = "on"
    oidc_issuers: Annotated[list[ExternalIssuer], NoDecode, Field(max_length=MOST_ISSUERS)] = []
    oidc_login_issuer: str = ""
    oidc_login_client_id: str = ""
    oidc_login_client_secret: SecretStr | None = None
    oidc_login_name: Annotated[str, Field(max_length=60)] = ""
    password_sign_in: Literal["on", "off"] = "on"  # noqa: S105  # whether there are passwords, not one
    audit_days: Annotated[int, Field(ge=1, le=36_500)] = 400

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty(cls, values: dict[str, Any]) -> dict[str, Any]:
        # A line `NAME=` in a .env file means "not set" to the people who write it.
        return {name: value for name, value in values.items() if value != ""}

    @field_validator(
        "log_level", "limits", "fetch_allow_loopback", "auth_server", "password_sign_in", "smtp_tls", mode="before"
    )
    @classmethod
    def _fold_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator(
        "allowed_origins",
        "oauth_redirect_schemes",
        "client_id_hosts_allowed",
        "client_id_hosts_denied",
        mode="before",
    )
    @classmethod
    def _split_at_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return [each.strip() for each in value.split(",") if each.strip()]
        return value

    @field_validator("allowed_origins")
    @classmethod
    def _check_origins(cls, origins: list[str]) -> list[str]:
        for origin in origins:
            parts = _split(origin)
            if (
                parts.scheme not in ("http", "https")
                or not parts.netloc
                or origin != f"{parts.scheme}://{parts.netloc}"
            ):
                raise ValueError("each origin is written like https://app.example, separated by commas")
        return origins

    @field_validator("oauth_redirect_schemes")
    @classmethod
    def _check_schemes(cls, schemes: list[str]) -> list[str]:
        if any(scheme in NOT_PRIVATE_SCHEMES or not _SCHEME.fullmatch(scheme) for scheme in schemes):
            raise ValueError("each is a scheme of an app's own, such as cursor or com.example.app, in lower case")
        return schemes

    @field_validator("client_id_hosts_allowed", "client_id_hosts_denied")
    @classmethod
    def _check_hosts(cls, hosts: list[str]) -> list[str]:
        if not all(_HOST_PATTERN.fullmatch(host) for host in hosts):
            raise ValueError("each is a host such as app.example or *.example.org, without scheme, port or path")
        return [host.lower() for host in hosts]

    @field_validator("oidc_issuers", mode="before")
    @classmethod
    def _parse_issuers(cls, value: object) -> object:
        return parse_issuers(value)

    @field_validator("oidc_login_issuer")
    @classmethod
    def _check_login_issuer(cls, issuer: str) -> str:
        return check_issuer(issuer) if issuer else issuer

    @field_validator("secret_key", "secret_key_previous")
    @classmethod
    def _check_secret(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if secret is not None and len(secret.get_secret_value()) < SECRET_KEY_MIN_LENGTH:
            advice = "make one with: openssl rand -hex 32" if info.field_name == "secret_key" else "it is the old one"
            raise ValueError(f"needs at least {SECRET_KEY_MIN_LENGTH} characters; {advice}")
        return secret

    @field_validator("database_url", "migration_database_url")
    @classmethod
    def _check_database_url(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None:
            return None
        text = url.get_secret_value()
        scheme, separator, rest = text.partition("://")
        if not separator or scheme not in ("postgresql", "postgres", "postgresql+asyncpg"):
            raise ValueError("must be written like postgresql://user:password@host:5432/database")
        _split(text)
        return SecretStr(f"postgresql://{rest}")

    @field_validator("rate_limit_storage_url")
    @classmethod
    def _check_storage_url(cls, url: SecretStr) -> SecretStr:
        text = url.get_secret_value()
        if text == "memory://":
            return url
        parts = _split(text)
        if parts.scheme not in ("redis", "rediss") or not parts.hostname:
            raise ValueError("must be memory:// or written like redis://:password@host:6379/0")
        return url

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, url: str) -> str:
        if not url:
            return url  # http://localhost:PORT, filled in once PORT is known
        parts = _split(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be a full address such as https://lists.example.org")
        try:
            TypeAdapter(HttpUrl).validate_python(url)
        except ValidationError:
            raise ValueError("is not an address") from None
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError("must have no user name, query or fragment")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise ValueError("must start with https:// unless it is local (OAuth tokens would travel in the clear)")
        # Scheme and host compare case-insensitively (RFC 3986 section 6.2.2.1), so one spelling is kept;
        # a trailing slash breaks hosts that compare the issuer byte by byte.
        return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"

    @field_validator("smtp_from")
    @classmethod
    def _check_sender(cls, address: str | None) -> str | None:
        if address is None:
            return None
        try:
            return validate_email(address, check_deliverability=False).normalized
        except EmailNotValidError:
            raise ValueError("must be an e-mail address such as lists@example.org") from None

    @model_validator(mode="after")
    def _check_mail(self) -> "Settings":
        if self.smtp_host is None:
            # SMTP_PORT and SMTP_TLS alone do no harm, and docker-compose.yml always passes them on.
            if self.smtp_from is not None or self.smtp_user is not None or self.smtp_password is not None:
                raise ValueError("SMTP_HOST is required with the other SMTP settings: without it no letter is sent")
            return self
        if self.smtp_from is None:
            raise ValueError("SMTP_FROM is required with SMTP_HOST: the address that letters come from")
        if (self.smtp_user is None) != (self.smtp_password is None):
            raise ValueError("SMTP_USER and SMTP_PASSWORD go together")
        if self.smtp_tls == "off" and not is_loopback(self.smtp_host):
            raise ValueError("SMTP_TLS=off is for a mail server on this machine: links to passwords travel there")
        return self

    @model_validator(mode="after")
    def _check_together(self) -> "Settings":
        if self.database_url is not None:
            if self.migration_database_url is None:
                raise ValueError("MIGRATION_DATABASE_URL is required with DATABASE_URL: the role that owns the tables")
            if self.secret_key is None:
                raise ValueError("SECRET_KEY is required with DATABASE_URL; make one with: openssl rand -hex 32")
        elif self.migration_database_url is not None:
            raise ValueError("DATABASE_URL is required with MIGRATION_DATABASE_URL")
        if self.limits == "off" and not self.is_local:
            raise ValueError("LIMITS=off is for measuring on this machine; PUBLIC_URL must be local")
        if not self.is_local and (self.fetch_allow_loopback == "on" or self.fetch_ca_file is not None):
            raise ValueError("FETCH_ALLOW_LOOPBACK and FETCH_CA_FILE are for tests; PUBLIC_URL must be local")
        self._check_certificates()
        self._check_issuers()
        self._check_sign_in()
        return self

    def _check_certificates(self) -> None:
        if self.fetch_ca_file is None:
            return
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(self.fetch_ca_file)
        except OSError:
            raise ValueError(f"FETCH_CA_FILE: {self.fetch_ca_file} can't be read as certificates in PEM") from None

    def _check_issuers(self) -> None:
        issuers = [each.issuer for each in self.oidc_issuers]
        if self.auth_server == "off" and not issuers:
            raise ValueError("OIDC_ISSUERS is required with AUTH_SERVER=off: somebody has to issue the tokens")
        if len(set(issuers)) < len(issuers):
            raise ValueError("OIDC_ISSUERS names an issuer twice")
        if self.issuer in issuers:
            raise ValueError("OIDC_ISSUERS names this service itself, which is trusted without it")
        for name, issuer in [("OIDC_ISSUERS", each) for each in issuers] + [
            ("OIDC_LOGIN_ISSUER", self.oidc_login_issuer)
        ]:
            parts = urlsplit(issuer)
            if parts.scheme == "http" and not (self.is_local and is_loopback(parts.hostname or "")):
                raise ValueError(f"{name}: an issuer must start with https:// unless it and PUBLIC_URL are local")

    def _check_sign_in(self) -> None:
        if self.oidc_login_issuer:
            if self.auth_server == "off":
                raise ValueError("OIDC_LOGIN_ISSUER needs AUTH_SERVER=on; with OIDC_ISSUERS nobody signs in here")
            if not self.oidc_login_client_id:
                raise ValueError("OIDC_LOGIN_CLIENT_ID is required with OIDC_LOGIN_ISSUER")
        elif self.oidc_login_client_id or self.oidc_login_client_secret or self.oidc_login_name:
            raise ValueError("OIDC_LOGIN_ISSUER is required with the other OIDC_LOGIN settings")
        elif not self.has_passwords and self.auth_server == "on":
            raise ValueError("OIDC_LOGIN_ISSUER is required with PASSWORD_SIGN_IN=off: nobody could sign in")

    def model_post_init(self, context: Any, /) -> None:
        if not self.public_url:
            object.__setattr__(self, "public_url", f"http://localhost:{self.port}")

    @property
    def public_parts(self) -> SplitResult:
        """PUBLIC_URL in its parts."""
        return urlsplit(self.public_url)

    @property
    def public_path(self) -> str:
        """The path in PUBLIC_URL: empty, or like `/shop`."""
        return self.public_parts.path

    @property
    def public_origin(self) -> str:
        """Scheme, host and port of PUBLIC_URL, as a browser's Origin header writes them."""
        return f"{self.public_parts.scheme}://{self.public_parts.netloc}"

    @property
    def is_local(self) -> bool:
        """Whether PUBLIC_URL is on this machine."""
        return is_loopback(self.public_parts.hostname or "")

    @property
    def has_passwords(self) -> bool:
        """Whether people may sign in with a password."""
        return self.password_sign_in == "on"  # noqa: S105  # see above

    @property
    def issuer(self) -> str:
        """The issuer identifier of the authorization server (RFC 8414 section 2)."""
        return self.public_url

    @property
    def resource(self) -> str:
        """The resource identifier of the MCP endpoint (RFC 9728), and the audience of every token."""
        return MAIN.identifier(self.public_url)


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    if host in LOCAL_HOSTS:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment.

    Raises `StartupError` with one line that names the first wrong setting and says what is expected.
    """
    try:
        return Settings(**overrides)
    except (OSError, UnicodeDecodeError):
        raise StartupError(".env: can't be read; it must be a text file in UTF-8") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0]).upper() + ": " if first["loc"] else ""
        raise StartupError(f"{name}{place(first['loc'][1:])}{in_words(first)}") from None


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError("is not an address") from None
    return parts
