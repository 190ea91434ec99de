"""Settings: the only place that reads the environment (and an optional `.env`)."""

import secrets
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, HttpUrl, SecretStr, TypeAdapter, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.errors import StartupError

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
SECRET_KEY_MIN_LENGTH = 32


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
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    limits: Literal["on", "off"] = "on"
    audit_days: Annotated[int, Field(ge=1, le=36_500)] = 400

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty(cls, values: dict[str, Any]) -> dict[str, Any]:
        # A line `NAME=` in a .env file means "not set" to the people who write it.
        return {name: value for name, value in values.items() if value != ""}

    @field_validator("log_level", "limits", mode="before")
    @classmethod
    def _fold_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        if isinstance(value, str):
            return [origin.strip() for origin in value.split(",") if origin.strip()]
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

    @field_validator("secret_key", "secret_key_previous")
    @classmethod
    def _check_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and len(secret.get_secret_value()) < SECRET_KEY_MIN_LENGTH:
            raise ValueError(f"needs at least {SECRET_KEY_MIN_LENGTH} characters; make one with: openssl rand -hex 32")
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
        return self

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
    def issuer(self) -> str:
        """The issuer identifier of the authorization server (RFC 8414 section 2)."""
        return self.public_url

    @property
    def resource(self) -> str:
        """The resource identifier of the MCP endpoint (RFC 9728), and the audience of every token."""
        return f"{self.public_url}/mcp"


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
        raise StartupError(f"{name}{_in_words(first)}") from None


def _in_words(detail: ErrorDetails) -> str:
    """What a setting must be; pydantic's own words are for programmers."""
    context = detail.get("ctx", {})
    match detail["type"]:
        case "int_parsing" | "int_type" | "int_from_float":
            return "must be a whole number"
        case "greater_than_equal":
            return f"must be at least {context['ge']}"
        case "less_than_equal":
            return f"must be at most {context['le']}"
        case "literal_error":
            return f"must be one of {context['expected']}"
        case _:
            return detail["msg"].removeprefix("Value error, ")


def keep_secret_key(settings: Settings) -> Settings:
    """Settings with a SECRET_KEY: the given one, or one made once and kept in DATA_DIR/secret_key (mode 0600).

    Raises `StartupError` when the file can't be read or written.
    """
    if settings.secret_key is not None:
        return settings
    path = settings.data_dir / "secret_key"
    try:
        if not path.exists():
            settings.data_dir.mkdir(parents=True, exist_ok=True)
            fresh = path.with_suffix(".new")
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_hex(32))
            fresh.replace(path)
        key = path.read_text().strip()
    except OSError as error:
        raise StartupError(f"SECRET_KEY: can't keep one in {path}: {error.strerror}") from None
    if len(key) < SECRET_KEY_MIN_LENGTH:
        raise StartupError(f"SECRET_KEY: {path} is damaged; put it back from a backup")
    return settings.model_copy(update={"secret_key": SecretStr(key)})


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError("is not an address") from None
    return parts
