"""Settings: documented, read as documented, and refused in one line when they are wrong."""

import os
import socket
import stat
from io import StringIO
from pathlib import Path

import pytest
from dotenv import dotenv_values
from pydantic import SecretStr

from app.cli import main
from app.db.embedded import DatabaseUrls
from app.errors import StartupError
from app.settings import Settings, load_settings
from app.settings.secret_key import keep_secret_key
from tests.command import run
from tests.documents import ROOT, rendered, table
from tests.service import Service

SECRET = "a secret that only these tests know, 0123456789"
EXTERNAL = {
    "DATABASE_URL": "postgresql://service:hidden-pw@127.0.0.1:1/lists",
    "MIGRATION_DATABASE_URL": "postgresql://owner:hidden-pw@127.0.0.1:1/lists",
    "SECRET_KEY": SECRET,
}

MAIL = {"SMTP_HOST": "mail.example", "SMTP_FROM": "lists@example.org"}


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current directory, and an environment without settings."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return tmp_path


def refusal(directory: Path, **environment: str) -> str:
    """The one line that a refused start leaves on stderr."""
    ended = run(directory, "serve", **environment)
    assert ended.returncode == 2, ended.stderr
    (line,) = ended.stderr.splitlines()
    assert line.startswith("shopping-list-mcp: ")
    assert ended.stdout == ""
    assert "hidden" not in line
    return line.removeprefix("shopping-list-mcp: ")


# The documents


def example() -> dict[str, str]:
    """The settings in .env.example, all of which are commented out: `#NAME=default`."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    settings = [line[1:] for line in lines if line.startswith("#") and not line.startswith("# ")]
    return {name: value or "" for name, value in dotenv_values(stream=StringIO("\n".join(settings))).items()}


def test_the_example_file_lists_every_setting() -> None:
    assert list(example()) == [name.upper() for name in Settings.model_fields]


def test_the_example_file_holds_the_defaults(elsewhere: Path) -> None:
    (elsewhere / ".env").write_text("".join(f"{name}={value}\n" for name, value in example().items()))
    assert load_settings() == Settings(_env_file=None)  # pyright: ignore[reportCallIssue]


def test_the_documentation_has_every_setting_with_its_default() -> None:
    rows = table(rendered(ROOT / "docs/configuration.md"), "name", "default", "meaning", "when required")
    assert {row[0]: row[1] for row in rows} == example()
    assert all(row[2] and row[3] for row in rows)


# Reading them


def test_the_environment_wins_over_the_file(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (elsewhere / ".env").write_text("PORT=8001\nWORKERS=2\n")
    monkeypatch.setenv("PORT", "8002")
    settings = load_settings()
    assert (settings.port, settings.workers) == (8002, 2)


def test_an_empty_value_counts_as_unset(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.setenv(name.upper(), "")
    assert load_settings().public_url == "http://localhost:8000"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://lists.example.org/", "https://lists.example.org"),
        ("https://Lists.Example.org/Shop/", "https://lists.example.org/Shop"),
        ("https://lists.example.org:8443", "https://lists.example.org:8443"),
        ("https://lists.example.org:443/", "https://lists.example.org"),
        ("https://käse.example/it's", "https://xn--kse-qla.example/it's"),
        ("http://localhost:9000", "http://localhost:9000"),
        ("http://localhost:80", "http://localhost"),
        ("http://127.0.0.1:9000/shop", "http://127.0.0.1:9000/shop"),
        ("http://[::1]:9000", "http://[::1]:9000"),
    ],
)
def test_the_public_address_is_kept_in_one_spelling(given: str, kept: str, elsewhere: Path) -> None:
    settings = load_settings(public_url=given)
    assert settings.public_url == settings.issuer == kept
    assert settings.resource == f"{kept}/mcp"


def test_port_80_is_not_in_the_address_either(elsewhere: Path) -> None:
    assert load_settings(port=80).public_url == "http://localhost"


def test_issuers_are_kept_byte_for_byte(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OIDC_ISSUERS", "https://A.example/, https://b.example/tenant,")
    issuers = load_settings().oidc_issuers
    assert [each.issuer for each in issuers] == ["https://A.example/", "https://b.example/tenant"]
    assert {each.algorithms for each in issuers} == {("ES256", "RS256", "PS256", "EdDSA")}
    assert {each.token_type for each in issuers} == {"at+jwt"}


def test_issuers_can_be_told_in_json(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = '["https://a.example", {"issuer": "https://b.example", "algorithms": ["RS256"], "token_type": "JWT"}]'
    monkeypatch.setenv("OIDC_ISSUERS", given)
    first, second = load_settings().oidc_issuers
    assert (first.issuer, first.token_type) == ("https://a.example", "at+jwt")
    assert (second.algorithms, second.token_type) == (("RS256",), "JWT")


def test_origins_are_separated_by_commas(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://a.example, http://localhost:6274,")
    assert load_settings().allowed_origins == ["https://a.example", "http://localhost:6274"]


def test_hosts_are_kept_in_lower_case(elsewhere: Path) -> None:
    settings = load_settings(client_id_hosts_allowed="Claude.ai, *.Example.org")
    assert settings.client_id_hosts_allowed == ["claude.ai", "*.example.org"]


def test_choices_are_read_in_any_case(elsewhere: Path) -> None:
    settings = load_settings(log_level="WARNING", limits="Off")
    assert (settings.log_level, settings.limits) == ("warning", False)


@pytest.mark.parametrize(
    ("written", "is_on"),
    [("on", True), ("ON", True), ("true", True), ("1", True), ("off", False), ("False", False), ("0", False)],
)
@pytest.mark.parametrize("name", ["LIMITS", "AUTH_SERVER", "PASSWORD_SIGN_IN", "FETCH_ALLOW_LOOPBACK"])
def test_a_switch_is_on_or_off(
    name: str, written: str, is_on: bool, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OIDC_ISSUERS", "https://id.example.org")
    for needed in ("OIDC_LOGIN_ISSUER", "OIDC_LOGIN_CLIENT_ID") if name == "PASSWORD_SIGN_IN" else ():
        monkeypatch.setenv(needed, "https://login.example.org")
    monkeypatch.setenv(name, written)
    assert getattr(load_settings(), name.lower()) is is_on


def test_secrets_are_not_shown(elsewhere: Path) -> None:
    settings = load_settings(**{name.lower(): value for name, value in EXTERNAL.items()})
    assert "hidden" not in repr(settings)
    assert SECRET not in repr(settings)


# The made secret key


@pytest.mark.proves("ky-entropy")
def test_a_secret_key_is_made_once_and_kept_for_the_owner_alone(elsewhere: Path) -> None:
    before = os.umask(0)
    try:
        first = keep_secret_key(load_settings())
    finally:
        os.umask(before)
    assert first.secret_key is not None
    assert len(first.secret_key.get_secret_value()) == 64
    assert stat.S_IMODE((elsewhere / "data/secret_key").stat().st_mode) == 0o600
    assert keep_secret_key(load_settings()).secret_key == first.secret_key
    assert keep_secret_key(load_settings(data_dir=Path("other"))).secret_key != first.secret_key


def test_a_given_secret_key_is_not_written_down(elsewhere: Path) -> None:
    settings = keep_secret_key(load_settings(secret_key=SecretStr(SECRET)))
    assert settings.secret_key == SecretStr(SECRET)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("content", ["", "cut off"])
def test_a_damaged_secret_key_is_not_replaced(content: str, elsewhere: Path) -> None:
    path = elsewhere / "data/secret_key"
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(StartupError, match=r"SECRET_KEY: .* is damaged; restore it from a backup"):
        keep_secret_key(load_settings())
    assert path.read_text() == content


# Refusals at start


@pytest.mark.proves("""prm-https MUST RFC 9728 §2
    A resource identifier is an https address without a fragment.
    Here: PUBLIC_URL must be https unless it is local, and have no query or fragment; `resource` is made of it.""")
@pytest.mark.proves("""as-issuer-https MUST RFC 8414 §2; RFC 9207 §2
    The issuer is https, without query and fragment.
    Here: Settings refuse anything else unless it is local.""")
@pytest.mark.proves("""as-https MUST MCP security-considerations (Communication Security); OAuth 2.1 §1.5;
    RFC 6749 §3.1.2.1
    Every endpoint is served over https.
    Here: PUBLIC_URL must be https unless local, and every address is made from it; TLS itself is the proxy's.""")
@pytest.mark.proves("""li-off MUST own rule
    LIMITS=off is refused on a public service.
    Here: The start ends.""")
@pytest.mark.proves("challenge-characters", "rv-unsigned", "ky-entropy")
@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"PORT": "0"}, "PORT: must be at least 1"),
        ({"PORT": "65536"}, "PORT: must be at most 65535"),
        ({"PORT": "http"}, "PORT: must be a whole number"),
        ({"WORKERS": "0"}, "WORKERS: must be at least 1"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL: must be one of 'debug', 'info', 'warning' or 'error'"),
        ({"LIMITS": "few"}, "LIMITS: must be on or off"),
        ({"SMTP_HOST": "mail.example"}, "SMTP_FROM is required with SMTP_HOST"),
        ({"SMTP_FROM": "lists@example.org"}, "SMTP_HOST is required with the other SMTP settings"),
        ({"SMTP_USER": "me", "SMTP_PASSWORD": "hidden"}, "SMTP_HOST is required with the other SMTP settings"),
        ({**MAIL, "PASSWORD_SIGN_IN": "off"}, "SMTP_HOST needs AUTH_SERVER=on and PASSWORD_SIGN_IN=on"),
        ({**MAIL, "AUTH_SERVER": "off"}, "SMTP_HOST needs AUTH_SERVER=on and PASSWORD_SIGN_IN=on"),
        ({**MAIL, "SMTP_FROM": "lists"}, "SMTP_FROM: must be an e-mail address such as"),
        ({**MAIL, "SMTP_PASSWORD": "hidden"}, "SMTP_USER and SMTP_PASSWORD must be set together"),
        ({**MAIL, "SMTP_TLS": "no"}, "SMTP_TLS: must be one of 'starttls', 'tls' or 'off'"),
        ({**MAIL, "SMTP_TLS": "off"}, "SMTP_TLS=off needs a mail server on this machine"),
        ({**MAIL, "SMTP_PORT": "0"}, "SMTP_PORT: must be at least 1"),
        ({"LIMITS": "off", "PUBLIC_URL": "https://a.example"}, "LIMITS=off is only for measuring on this machine"),
        ({"PUBLIC_URL": "lists.example.org"}, "PUBLIC_URL: must be a full URL such as https://"),
        ({"PUBLIC_URL": "http://lists.example.org"}, "PUBLIC_URL: must start with https:// unless it is local"),
        ({"PUBLIC_URL": "http://localhost.example"}, "PUBLIC_URL: must start with https:// unless it is local"),
        ({"PUBLIC_URL": "https://me:hidden@a.example"}, "PUBLIC_URL: must have no user name, query or fragment"),
        ({"PUBLIC_URL": "https://a.example/?a=b"}, "PUBLIC_URL: must have no user name, query or fragment"),
        ({"PUBLIC_URL": "https://a.example/#b"}, "PUBLIC_URL: must have no user name, query or fragment"),
        ({"PUBLIC_URL": "https://a.example:99999"}, "PUBLIC_URL: is not a valid URL"),
        ({"PUBLIC_URL": "https://a example"}, "PUBLIC_URL: is not a valid URL"),
        *(
            ({"PUBLIC_URL": f"https://a.example/{path}"}, "PUBLIC_URL: must have a plain path")
            for path in ("€", 'a"b', "a b", "a\\b", "a//b", "a/../b", "%2e", "a%2Fb", "{a}")
        ),
        ({**EXTERNAL, "DATABASE_URL": "postgresql://a:hidden@b:x/c"}, "DATABASE_URL: is not a valid URL"),
        ({**EXTERNAL, "DATABASE_URL": "postgresql://a:hidden@b:99999/c"}, "DATABASE_URL: is not a valid URL"),
        ({"ALLOWED_ORIGINS": "*"}, "ALLOWED_ORIGINS: must be origins such as https://app.example"),
        ({"ALLOWED_ORIGINS": "https://a.example/"}, "ALLOWED_ORIGINS: must be origins such as"),
        ({"OAUTH_REDIRECT_SCHEMES": "javascript"}, "OAUTH_REDIRECT_SCHEMES: must be private schemes"),
        ({"OAUTH_REDIRECT_SCHEMES": "cursor,my app"}, "OAUTH_REDIRECT_SCHEMES: must be private schemes"),
        ({"CLIENT_ID_HOSTS_ALLOWED": "https://a.example"}, "CLIENT_ID_HOSTS_ALLOWED: must be hosts such as"),
        ({"CLIENT_ID_HOSTS_DENIED": "a.*.example"}, "CLIENT_ID_HOSTS_DENIED: must be hosts such as"),
        (
            {"FETCH_ALLOW_LOOPBACK": "on", "PUBLIC_URL": "https://a.example"},
            "FETCH_ALLOW_LOOPBACK and FETCH_CA_FILE are for tests; PUBLIC_URL must be local",
        ),
        (
            {"FETCH_CA_FILE": "ca.pem", "PUBLIC_URL": "https://a.example"},
            "FETCH_ALLOW_LOOPBACK and FETCH_CA_FILE are for tests; PUBLIC_URL must be local",
        ),
        ({"FETCH_CA_FILE": "missing.pem"}, "FETCH_CA_FILE: missing.pem can't be read as certificates in PEM"),
        ({"FETCH_CA_FILE": "/dev/null"}, "FETCH_CA_FILE: /dev/null can't be read as certificates in PEM"),
        ({"SECRET_KEY": "hidden"}, "SECRET_KEY: must have at least 32 characters"),
        ({"RATE_LIMIT_STORAGE_URL": "http://hidden"}, "RATE_LIMIT_STORAGE_URL: must be memory:// or written like"),
        ({"RATE_LIMIT_STORAGE_URL": "redis://:hidden@:99999"}, "RATE_LIMIT_STORAGE_URL: "),
        (
            {"SECRET_KEY_PREVIOUS": "hidden"},
            "SECRET_KEY_PREVIOUS: must have at least 32 characters: it is the SECRET_KEY used before",
        ),
        ({"DATABASE_URL": "mysql://me:hidden@a.example/b"}, "DATABASE_URL: must be written like postgresql://"),
        ({"MIGRATION_DATABASE_URL": "hidden"}, "MIGRATION_DATABASE_URL: must be written like postgresql://"),
        ({**EXTERNAL, "MIGRATION_DATABASE_URL": ""}, "MIGRATION_DATABASE_URL is required with DATABASE_URL"),
        ({**EXTERNAL, "SECRET_KEY": ""}, "SECRET_KEY is required with DATABASE_URL"),
        ({**EXTERNAL, "DATABASE_URL": ""}, "DATABASE_URL is required with MIGRATION_DATABASE_URL"),
        ({"AUTH_SERVER": "maybe"}, "AUTH_SERVER: must be on or off"),
        ({"AUTH_SERVER": "off"}, "OIDC_ISSUERS is required with AUTH_SERVER=off"),
        ({"OIDC_ISSUERS": "id.example"}, "OIDC_ISSUERS: entry 1: issuer: must be an issuer such as"),
        ({"OIDC_ISSUERS": "https://a.example,ftp://b"}, "OIDC_ISSUERS: entry 2: issuer: must be an issuer"),
        ({"OIDC_ISSUERS": "https://me:hidden@a.example"}, "OIDC_ISSUERS: entry 1: issuer: must have no user name"),
        ({"OIDC_ISSUERS": "https://a.example?b"}, "OIDC_ISSUERS: entry 1: issuer: must have no user name"),
        ({"OIDC_ISSUERS": f"https://a.example/{'b' * 500}"}, "OIDC_ISSUERS: entry 1: issuer: must have at most"),
        ({"OIDC_ISSUERS": "http://a.example"}, "OIDC_ISSUERS: an issuer must start with https:// unless it and"),
        (
            {"OIDC_ISSUERS": "http://127.0.0.1:9", "PUBLIC_URL": "https://a.example"},
            "OIDC_ISSUERS: an issuer must start with https:// unless it and",
        ),
        ({"OIDC_ISSUERS": "https://a.example,https://a.example"}, "OIDC_ISSUERS names an issuer twice"),
        (
            {"OIDC_ISSUERS": "https://a.example", "PUBLIC_URL": "https://a.example/"},
            "OIDC_ISSUERS names this service itself",
        ),
        ({"OIDC_ISSUERS": "[7]"}, "OIDC_ISSUERS: entry 1: must be an issuer, or an object with the member issuer"),
        ({"OIDC_ISSUERS": "[{}]"}, "OIDC_ISSUERS: entry 1: issuer: is missing"),
        ({"OIDC_ISSUERS": "[hidden"}, "OIDC_ISSUERS: must be a JSON list, or issuers separated by commas"),
        ({"OIDC_ISSUERS": "{}"}, "OIDC_ISSUERS: must be a JSON list, or issuers separated by commas"),
        (
            {"OIDC_ISSUERS": '[{"issuer": "https://a.example", "audience": "x"}]'},
            "OIDC_ISSUERS: entry 1: audience: is not a known member",
        ),
        (
            {"OIDC_ISSUERS": '[{"issuer": "https://a.example", "algorithms": ["HS256"]}]'},
            "OIDC_ISSUERS: entry 1: algorithms: entry 1: must be one of 'ES256'",
        ),
        (
            {"OIDC_ISSUERS": '[{"issuer": "https://a.example", "algorithms": ["none"]}]'},
            "OIDC_ISSUERS: entry 1: algorithms: entry 1: must be one of 'ES256'",
        ),
        (
            {"OIDC_ISSUERS": '[{"issuer": "https://a.example", "algorithms": []}]'},
            "OIDC_ISSUERS: entry 1: algorithms: must have at least 1 entry",
        ),
        (
            {"OIDC_ISSUERS": ",".join(f"https://{n}.example" for n in range(17))},
            "OIDC_ISSUERS: must have at most 16 entries",
        ),
        (
            {"OIDC_ISSUERS": '[{"issuer": "https://a.example", "token_type": "any"}]'},
            "OIDC_ISSUERS: entry 1: token_type: must be one of 'at+jwt' or 'JWT'",
        ),
        ({"OIDC_LOGIN_ISSUER": "a.example"}, "OIDC_LOGIN_ISSUER: must be an issuer such as"),
        ({"OIDC_LOGIN_ISSUER": "https://a.example"}, "OIDC_LOGIN_CLIENT_ID is required with OIDC_LOGIN_ISSUER"),
        (
            {"OIDC_LOGIN_ISSUER": "http://a.example", "OIDC_LOGIN_CLIENT_ID": "b"},
            "OIDC_LOGIN_ISSUER: an issuer must start with https://",
        ),
        ({"OIDC_LOGIN_CLIENT_SECRET": "hidden"}, "OIDC_LOGIN_ISSUER is required with the other OIDC_LOGIN settings"),
        (
            {"OIDC_LOGIN_ISSUER": "https://a", "AUTH_SERVER": "off", "OIDC_ISSUERS": "https://b"},
            "OIDC_LOGIN_ISSUER needs AUTH_SERVER=on",
        ),
        ({"OIDC_LOGIN_NAME": "x" * 61}, "OIDC_LOGIN_NAME: must have at most 60 characters"),
        ({"PASSWORD_SIGN_IN": "off"}, "OIDC_LOGIN_ISSUER is required with PASSWORD_SIGN_IN=off"),
    ],
)
def test_a_wrong_setting_ends_the_start_with_one_line(
    environment: dict[str, str],
    expected: str,
    elsewhere: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(["serve"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"shopping-list-mcp: {expected}")
    assert "hidden" not in line
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"PORT": "http"}, "PORT: must be a whole number"),
        ({"HOST": "192.0.2.1"}, "HOST: 192.0.2.1 is not an address of this machine"),
        ({**EXTERNAL, "DATABASE_URL": "postgresql://a.example/b"}, "DATABASE_URL: must name the role to connect as"),
        (EXTERNAL, "MIGRATION_DATABASE_URL: Connection refused"),
    ],
)
def test_the_process_ends_with_that_line_and_status_2(
    environment: dict[str, str], expected: str, tmp_path: Path
) -> None:
    assert refusal(tmp_path, **environment).startswith(expected)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_line_in_the_file_ends_the_start_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("WORKERS=many\n")
    assert refusal(tmp_path).startswith("WORKERS: must be a whole number")


def test_a_file_that_is_not_text_ends_the_start(elsewhere: Path) -> None:
    (elsewhere / ".env").write_bytes(b"PORT=\xff\n")
    with pytest.raises(StartupError, match=r"^\.env: can't be read; it must be a text file in UTF-8$"):
        load_settings()


def test_a_taken_port_ends_the_start_before_anything_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        line = refusal(tmp_path, PORT=str(port))
    assert line == f"PORT: {port} is in use by another program; stop it, or set PORT"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("below", ["", "/below"])
def test_a_data_dir_that_is_a_file_ends_the_start(below: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    line = refusal(tmp_path, DATA_DIR=f"{file}{below}")
    assert line.startswith(f"DATA_DIR {file}{below} can't be used: ")


def test_a_database_that_refuses_the_service_role_ends_the_start(database: DatabaseUrls, tmp_path: Path) -> None:
    wrong = database.service.replace("shopping_service:", "shopping_service:hidden")
    line = refusal(tmp_path, **_external(database) | {"DATABASE_URL": wrong})
    assert line == 'DATABASE_URL: password authentication failed for user "shopping_service"'


@pytest.mark.proves("tn-rls")
@pytest.mark.parametrize(("role", "power"), [("superuser", "is a superuser"), ("owner", "owns the tables")])
def test_a_role_that_could_see_every_household_ends_the_start(
    role: str, power: str, database: DatabaseUrls, tmp_path: Path
) -> None:
    line = refusal(tmp_path, **_external(database) | {"DATABASE_URL": str(getattr(database, role))})
    assert line.startswith(f"DATABASE_URL: its role {power}, so households would not be kept apart")


@pytest.mark.proves("""ky-undecryptable MUST own rule
    A key that can't be decrypted stops the start with status 2 and never leads to new keys.
    Here: It does.""")
@pytest.mark.processes
def test_a_secret_key_that_does_not_decrypt_the_signing_keys_stops_the_start(
    service: Service, database: DatabaseUrls, tmp_path: Path
) -> None:
    other = _external(database) | {"SECRET_KEY": "hidden, and not the one that encrypted the keys"}
    assert refusal(tmp_path, **other).startswith("SECRET_KEY: does not decrypt the signing keys in the database")


def _external(database: DatabaseUrls) -> dict[str, str]:
    return {"DATABASE_URL": database.service, "MIGRATION_DATABASE_URL": database.owner, "SECRET_KEY": SECRET}
