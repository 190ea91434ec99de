"""Settings: the only place that reads the environment (and an optional `.env`)."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.errors import StartupError
from app.resources import MAIN
from app.settings.errors import describe_error, describe_place
from app.settings.types import (
    KNOWN_SCHEMES,
    DatabaseUrl,
    EmailAddress,
    HostPatterns,
    Issuers,
    LoginIssuer,
    LogLevel,
    Origins,
    Port,
    PreviousSecretKey,
    PrivateSchemes,
    PublicUrl,
    RefreshReuse,
    SecretKey,
    SmtpTls,
    StorageUrl,
    check_public_url,
    is_loopback,
)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """The mail server and how to send through it; `local_hostname` is how the service names itself to it."""

    host: str
    port: int
    user: str | None
    password: SecretStr | None
    sender: str
    tls: str
    local_hostname: str | None


@dataclass(frozen=True, slots=True)
class OidcLogin:
    """The registration at the OpenID provider that people may sign in with; `name` may be empty."""

    issuer: str
    name: str
    client_id: str
    client_secret: SecretStr | None


class Settings(BaseSettings):
    """All settings of the service; docs/configuration.md describes them."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True)

    host: str = "localhost"
    port: Port = 8000
    public_url: PublicUrl = ""
    database_url: DatabaseUrl | None = None
    migration_database_url: DatabaseUrl | None = None
    data_dir: Path = Path("data")
    secret_key: SecretKey | None = None
    secret_key_previous: PreviousSecretKey | None = None
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    allowed_origins: Origins = ["http://localhost:6274", "http://127.0.0.1:6274"]
    oauth_redirect_schemes: PrivateSchemes = [*KNOWN_SCHEMES]
    client_id_hosts_allowed: HostPatterns = []
    client_id_hosts_denied: HostPatterns = []
    smtp_host: str | None = None
    smtp_port: Port = 587
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_from: EmailAddress | None = None
    smtp_tls: SmtpTls = "starttls"
    log_level: LogLevel = "info"
    limits: bool = True
    rate_limit_storage_url: StorageUrl = SecretStr("memory://")
    fetch_allow_loopback: bool = False
    fetch_ca_file: Path | None = None
    auth_server: bool = True
    oidc_issuers: Issuers = []
    oidc_login_issuer: LoginIssuer = ""
    oidc_login_client_id: str = ""
    oidc_login_client_secret: SecretStr | None = None
    oidc_login_name: Annotated[str, Field(max_length=60)] = ""
    password_sign_in: bool = True
    recipe_import: bool = False
    access_token_minutes: Annotated[int, Field(ge=5, le=1_440)] = 480
    refresh_reuse: RefreshReuse = "mark"
    audit_days: Annotated[int, Field(ge=1, le=36_500)] = 400
    operator_name: Annotated[str, Field(max_length=200)] = ""
    operator_address: Annotated[str, Field(max_length=500)] = ""
    operator_email: EmailAddress | None = None

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty(cls, values: dict[str, Any]) -> dict[str, Any]:
        # `NAME=` in a .env file means "not set" to the person who writes it.
        return {name: value for name, value in values.items() if value != ""}

    @model_validator(mode="after")
    def _check_mail(self) -> "Settings":
        if self.smtp_host is None:
            # SMTP_PORT and SMTP_TLS alone do no harm, and docker-compose.yml always passes them.
            if self.smtp_from is not None or self.smtp_user is not None or self.smtp_password is not None:
                raise ValueError("SMTP_HOST is required with the other SMTP settings: without it no e-mail is sent")
            return self
        if not (self.auth_server and self.password_sign_in):
            raise ValueError("SMTP_HOST needs AUTH_SERVER=on and PASSWORD_SIGN_IN=on: otherwise no e-mail is ever sent")
        if self.smtp_from is None:
            raise ValueError("SMTP_FROM is required with SMTP_HOST: the sender of all e-mail")
        if (self.smtp_user is None) != (self.smtp_password is None):
            raise ValueError("SMTP_USER and SMTP_PASSWORD must be set together")
        if self.smtp_tls == "off" and not is_loopback(self.smtp_host):
            raise ValueError(
                "SMTP_TLS=off needs a mail server on this machine: e-mails carry links that reset passwords"
            )
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
        if not self.limits and not self.is_local:
            raise ValueError("LIMITS=off is only for measuring on this machine; PUBLIC_URL must be local")
        if not self.is_local and (self.fetch_allow_loopback or self.fetch_ca_file is not None):
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
        if not self.auth_server and not issuers:
            raise ValueError("OIDC_ISSUERS is required with AUTH_SERVER=off: without it no token is accepted")
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
            if not self.auth_server:
                raise ValueError("OIDC_LOGIN_ISSUER needs AUTH_SERVER=on: without it nobody signs in here")
            if not self.oidc_login_client_id:
                raise ValueError("OIDC_LOGIN_CLIENT_ID is required with OIDC_LOGIN_ISSUER")
        elif self.oidc_login_client_id or self.oidc_login_client_secret or self.oidc_login_name:
            raise ValueError("OIDC_LOGIN_ISSUER is required with the other OIDC_LOGIN settings")
        elif self.auth_server and not self.password_sign_in:
            raise ValueError("OIDC_LOGIN_ISSUER is required with PASSWORD_SIGN_IN=off: nobody could sign in")

    def model_post_init(self, context: Any, /) -> None:
        if not self.public_url:
            object.__setattr__(self, "public_url", check_public_url(f"http://localhost:{self.port}"))

    @property
    def public_parts(self) -> SplitResult:
        """The parts of PUBLIC_URL."""
        return urlsplit(self.public_url)

    @property
    def public_path(self) -> str:
        """The path in PUBLIC_URL: empty, or like `/shop`."""
        return self.public_parts.path

    @property
    def public_origin(self) -> str:
        """The origin of PUBLIC_URL, as in a browser's Origin header (RFC 6454 section 6.2)."""
        return f"{self.public_parts.scheme}://{self.public_parts.netloc}"

    @property
    def is_local(self) -> bool:
        """Whether PUBLIC_URL is on this machine."""
        return is_loopback(self.public_parts.hostname or "")

    @property
    def secret_keys(self) -> tuple[SecretStr, ...]:
        """SECRET_KEY and, if given, SECRET_KEY_PREVIOUS. Raises `StartupError` without SECRET_KEY."""
        if self.secret_key is None:
            raise StartupError("SECRET_KEY: required; make one with: openssl rand -hex 32")
        return (self.secret_key, *([self.secret_key_previous] if self.secret_key_previous else []))

    @property
    def smtp(self) -> SmtpServer | None:
        """The mail server; None without SMTP_HOST."""
        if self.smtp_host is None or self.smtp_from is None:
            return None
        return SmtpServer(
            self.smtp_host,
            self.smtp_port,
            self.smtp_user,
            self.smtp_password,
            self.smtp_from,
            self.smtp_tls,
            self.public_parts.hostname,
        )

    @property
    def oidc_login(self) -> OidcLogin | None:
        """The OpenID provider to sign in with; None without OIDC_LOGIN_ISSUER."""
        if not self.oidc_login_issuer:
            return None
        return OidcLogin(
            self.oidc_login_issuer, self.oidc_login_name, self.oidc_login_client_id, self.oidc_login_client_secret
        )

    @property
    def issuer(self) -> str:
        """The issuer identifier of the authorization server (RFC 8414 section 2)."""
        return self.public_url

    @property
    def resource(self) -> str:
        """The resource identifier of the MCP endpoint (RFC 9728), which is the audience of its tokens."""
        return MAIN.identifier(self.public_url)


def load_settings(**overrides: Any) -> Settings:
    """Load the settings from the environment and `.env`.

    Raises `StartupError` with one line that names the first wrong setting and what it must be.
    """
    try:
        return Settings(**overrides)
    except (OSError, UnicodeDecodeError):
        raise StartupError(".env: can't be read; it must be a text file in UTF-8") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0]).upper() + ": " if first["loc"] else ""
        raise StartupError(f"{name}{describe_place(first['loc'][1:])}{describe_error(first)}") from None
