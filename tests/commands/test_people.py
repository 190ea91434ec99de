"""`python -m app people`: help for people who can't be reached by e-mail."""

from pathlib import Path

import pytest

from app.audit.models import Action
from app.db import Engine, transaction
from app.people.email_link_repository import find_link
from app.people.passkeys.ceremonies import NewKey
from app.people.passkeys.keeping import add_passkey, require_passkey
from app.people.passkeys.recovery import make_codes
from app.people.passkeys.repository import (
    count_codes,
    count_passkeys,
    find_half_signed_in,
    insert_half_sign_in,
    needs_passkey,
)
from app.people.session_repository import find_person, open_session
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


@pytest.mark.proves("""ac-recovery-operator SHOULD own rule
    The last resort of who lost every second factor leaves a trace and no open door.
    Here: A command of whoever runs the service has the password alone sign in again, removes the passkeys and codes,
    which may be in other hands, ends every session and is recorded.""")
async def test_the_operator_takes_away_a_second_step_with_all_that_could_be_in_other_hands(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    factory, now, environment = Factory(engine, settings), system_clock(), environment_of(settings)
    person, _ = await factory.person()
    other, _ = await factory.person("Ben")
    cookies: dict[str, str] = {}
    async with transaction(engine) as connection:
        for each in (person, other):
            key = NewKey(each.id.bytes, b"public", 0)
            await add_passkey(connection, each, key, "Phone", now)
            await require_passkey(connection, each.id, needed=True)
            await make_codes(connection, each.id, now)
            cookies[each.name] = await open_session(connection, each.id, now)
            await insert_half_sign_in(connection, each.id, f"half of {each.id}", now)
    email = person.email or ""
    ended = run(tmp_path, "people", "end-second-step", email.upper(), **environment)
    assert ended.returncode == 0, ended.stderr
    assert "passkeys (1), recovery codes (10). Every session ended; apps and API keys stay" in ended.stdout
    async with transaction(engine) as connection:
        for each, kept in ((person, False), (other, True)):
            assert await needs_passkey(connection, each.id) is kept
            assert await count_passkeys(connection, each.id) == (1 if kept else 0)
            assert await count_codes(connection, each.id) == (10 if kept else 0)
            assert (await find_person(connection, cookies[each.name], now) is not None) is kept
            assert (await find_half_signed_in(connection, f"half of {each.id}", now) is not None) is kept
        again = await open_session(connection, person.id, now)
    row = (await stored(engine))[-1]
    assert only(row, "action", "other_person_id", "person_id") == (Action.SECOND_STEP_ENDED, person.id, None)
    ended = run(tmp_path, "people", "end-second-step", email, **environment)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "enough to sign in already. Nothing was changed" in ended.stderr
    async with transaction(engine) as connection:
        assert await find_person(connection, again, now) is not None
    ended = run(tmp_path, "people", "end-second-step", "nobody@example.org", **environment)
    assert ended.returncode == 1
    assert "Nobody has an account" in ended.stderr
