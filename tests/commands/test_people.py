"""`python -m app people`: help for people who can't be reached by e-mail."""

from pathlib import Path

import pytest

from app.audit.models import Action
from app.db import Engine, transaction
from app.people.email_link_repository import find_link
from app.runtime.clock import system_clock
from app.settings import Settings
from tests.audit.looking import only, stored
from tests.command import run
from tests.factory import Factory
from tests.service import environment_of

pytestmark = pytest.mark.anyio


async def test_reset_prints_a_link_for_who_has_an_account(engine: Engine, settings: Settings, tmp_path: Path) -> None:
    person, _ = await Factory(engine, settings).person()
    assert person.email is not None
    environment = {**environment_of(settings), "PUBLIC_URL": f"{settings.public_url}/shop"}
    ended = run(tmp_path, "people", "reset", person.email.upper(), **environment)
    assert ended.returncode == 0, ended.stderr
    address, _, secret = ended.stdout.strip().partition("?link=")
    assert address == f"{settings.public_url}/shop/account/new-password"
    async with transaction(engine) as connection:
        link = await find_link(connection, secret, "reset", system_clock())
    assert link is not None
    assert (link.person_id, link.mailed) == (person.id, False)
    row = (await stored(engine))[-1]
    assert only(row, "action", "other_person_id", "person_id") == (Action.RESET_LINK_MADE, person.id, None)
    elsewhere = {
        "PASSWORD_SIGN_IN": "off",
        "OIDC_LOGIN_ISSUER": "https://login.example.org",
        "OIDC_LOGIN_CLIENT_ID": "lists",
    }
    for email, more, says in (
        ("nobody@example.org", {}, "Nobody has an account"),
        ("nobody", {}, "not a valid address"),
        (person.email, elsewhere, "Nobody signs in with a password here"),
    ):
        ended = run(tmp_path, "people", "reset", email, **{**environment, **more})
        assert ended.returncode == 1
        (line,) = ended.stderr.splitlines()
        assert says in line
