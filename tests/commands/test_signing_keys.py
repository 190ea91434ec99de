"""`python -m app signing-keys`."""

from pathlib import Path

import pytest

from app.settings import Settings
from tests.command import run
from tests.service import environment_of


def test_a_new_key_waits_an_hour_and_a_second_one_is_not_made(settings: Settings, tmp_path: Path) -> None:
    environment = environment_of(settings)
    first = run(tmp_path, "signing-keys", "rotate", **environment)
    assert first.returncode == 0, first.stderr
    kid = first.stdout.split()[1]
    assert first.stdout.startswith(f"Key {kid} takes over at ")
    again = run(tmp_path, "signing-keys", "rotate", **environment)
    assert (again.returncode, again.stdout) == (0, "A new key is already waiting to take over.\n")
    listed = run(tmp_path, "signing-keys", "list", **environment).stdout.splitlines()
    assert len(listed) == 3
    assert listed[1].startswith(kid)
    assert listed[1].endswith("coming")
    assert listed[2].endswith("signing")


@pytest.mark.proves("ak-off")
def test_nothing_is_made_that_nobody_would_use(tmp_path: Path) -> None:
    off = {"AUTH_SERVER": "off", "OIDC_ISSUERS": "https://id.example.org"}
    for command in (
        ["signing-keys", "rotate"],
        ["clients", "add", "Home", "https://home.example/cb"],
        ["service-accounts", "create", "--household", "Ada's", "--role", "viewer"],
        ["api-keys", "create", "--household", "Ada's", "--person", "ada@example.org"],
    ):
        refused = run(tmp_path, *command, **off)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr.startswith("shopping-list-mcp: AUTH_SERVER is off")


def test_keys_that_secret_key_does_not_open_are_not_rotated(settings: Settings, tmp_path: Path) -> None:
    environment = environment_of(settings)
    assert run(tmp_path, "signing-keys", "rotate", **environment).returncode == 0
    other = {**environment, "SECRET_KEY": "another secret key of these tests, 0123456789"}
    refused = run(tmp_path, "signing-keys", "rotate", **other)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("shopping-list-mcp: SECRET_KEY: does not decrypt the signing keys")
