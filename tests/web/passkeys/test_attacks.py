"""Attacks on passkeys, as requests over HTTP."""

import json
from collections.abc import Callable

import httpx
import pytest

from app.db import Engine
from app.settings import Settings
from tests.oauth.browser import PASSWORD, Browser, Page
from tests.oauth.conftest import RunningServer, start
from tests.web.account.pages import OTHER_PASSWORD, SIGN_IN, is_signed_in
from tests.web.passkeys.authenticator import (
    PRESENT,
    VERIFIED,
    Authenticator,
    add_passkey,
    question,
    sign_for,
    sign_in,
    sign_up,
    to_bytes,
    to_text,
)

pytestmark = pytest.mark.anyio

PASSKEY = "/account/passkey"
STEP = "/account/second-step"
ADD = "/account/passkeys/add"


@pytest.fixture
def device(server: RunningServer) -> Authenticator:
    """Somebody's phone."""
    return Authenticator(server.settings.public_origin)


@pytest.fixture
async def account(http: httpx.AsyncClient, email: str, device: Authenticator) -> str:
    """Somebody with a password and a passkey, who is signed in; their address."""
    await sign_up(http, email)
    await add_passkey(http, device, "Phone")
    return email


async def refused(server: RunningServer, device: Authenticator) -> Page:
    """Try to sign in with a passkey, and don't get in; the page that says so."""
    async with server.browser() as other:
        page = await sign_in(other, device)
        assert (page.status, page.title) == (400, "Sign in to your account")
        assert not await is_signed_in(other)
        return page


@pytest.mark.proves("""ac-passkey-challenge MUST OWASP Authentication Cheat Sheet; own rule
    What a passkey signed once can't be used again, nor in another browser.
    Here: A challenge is random, stored as a hash, belongs to one browser and one purpose, and ends after ten minutes or
    with its first answer.""")
async def test_an_answer_works_once(server: RunningServer, account: str, device: Authenticator) -> None:
    async with server.browser() as laptop:
        page = await Browser(laptop).open(SIGN_IN)
        answer = device.sign(await question(laptop, page, PASSKEY))
        assert (await Browser(laptop).submit(page, PASSKEY, credential=answer)).title == "Your account"
        await Browser(laptop).submit(await Browser(laptop).open("/account"), "/account/sign-out")
        page = await Browser(laptop).open(SIGN_IN)
        again = await Browser(laptop).submit(page, PASSKEY, credential=answer)
        assert (again.status, await is_signed_in(laptop)) == (400, False)


@pytest.mark.proves("ac-passkey-challenge")
async def test_a_challenge_is_used_up_by_a_wrong_answer(
    server: RunningServer, account: str, device: Authenticator
) -> None:
    async with server.browser() as laptop:
        page = await Browser(laptop).open(SIGN_IN)
        asked = await question(laptop, page, PASSKEY)
        stranger = Authenticator(device.origin, user_handle=device.user_handle)
        assert (await Browser(laptop).submit(page, PASSKEY, credential=stranger.sign(asked))).status == 400
        assert (await Browser(laptop).submit(page, PASSKEY, credential=device.sign(asked))).status == 400
        assert not await is_signed_in(laptop)


@pytest.mark.proves("ac-passkey-challenge")
async def test_an_answer_from_another_browser_signs_nobody_in(
    server: RunningServer, account: str, device: Authenticator
) -> None:
    """Neither whoever overhears an answer, nor one who has their victim answer a challenge of their own browser."""
    async with server.browser() as victim, server.browser() as attacker:
        page = await Browser(victim).open(SIGN_IN)
        answer = device.sign(await question(victim, page, PASSKEY))
        theirs = await Browser(attacker).open(SIGN_IN)
        assert (await Browser(attacker).submit(theirs, PASSKEY, credential=answer)).status == 400
        assert not await is_signed_in(attacker)
        answer = device.sign(await question(attacker, theirs, PASSKEY))
        assert (await Browser(victim).submit(page, PASSKEY, credential=answer)).status == 400
        assert not await is_signed_in(victim)


@pytest.mark.proves("ac-passkey-challenge")
async def test_a_challenge_ends_after_ten_minutes(server: RunningServer, account: str, device: Authenticator) -> None:
    async with server.browser() as laptop:
        page = await Browser(laptop).open(SIGN_IN)
        asked = await question(laptop, page, PASSKEY)
        server.clock.move(minutes=10)
        assert (await Browser(laptop).submit(page, PASSKEY, credential=device.sign(asked))).status == 400


@pytest.mark.proves("ac-passkey-challenge")
async def test_an_answer_for_one_purpose_is_none_for_another(
    server: RunningServer, http: httpx.AsyncClient, account: str, device: Authenticator
) -> None:
    confirm = await Browser(http).open("/account/confirm")
    page = await Browser(http).open("/account/passkeys")
    await Browser(http).submit(page, "/account/passkeys/require")
    async with server.browser() as laptop:
        first = await Browser(laptop).open(SIGN_IN)
        step = await Browser(laptop).submit(first, SIGN_IN, email=account, password=PASSWORD)
        answer = device.sign(await question(laptop, step, STEP))
        other = await Browser(laptop).open(SIGN_IN)
        assert (await Browser(laptop).submit(other, PASSKEY, credential=answer)).status == 400
        assert not await is_signed_in(laptop)
        answer = device.sign(await question(laptop, other, PASSKEY))
        assert (await Browser(laptop).submit(step, STEP, credential=answer)).status == 400
        assert not await is_signed_in(laptop)
    answer = device.make(await question(http, await Browser(http).open("/account/passkeys"), ADD))
    assert (await Browser(http).submit(confirm, "/account/confirm/passkey", credential=answer)).status == 400


def elsewhere(device: Authenticator) -> None:
    device.origin = "https://localhost.evil.example"


def another_port(device: Authenticator) -> None:
    device.origin += ":8443"


def another_host(device: Authenticator) -> None:
    device.rp_id = "evil.example"


def unverified(device: Authenticator) -> None:
    device.flags = PRESENT


def absent(device: Authenticator) -> None:
    device.flags = VERIFIED


def framed(device: Authenticator) -> None:
    device.cross_origin = True


def nobodys(device: Authenticator) -> None:
    device.user_handle = None


def another_persons(device: Authenticator) -> None:
    device.user_handle = bytes(16)


def another_key(device: Authenticator) -> None:
    device.key = Authenticator(device.origin).key


@pytest.mark.proves("""ac-passkey-verified MUST own rule; OWASP Authentication Cheat Sheet
    What a passkey signs is verified as a whole.
    Here: Origin and relying party from PUBLIC_URL, the signature, whose key it is, presence and verification of the
    person, no frame of another site, and a counter that only goes up.""")
@pytest.mark.parametrize(
    "change",
    [elsewhere, another_port, another_host, unverified, absent, framed, nobodys, another_persons, another_key],
)
async def test_a_passkey_signs_in_only_as_it_was_asked(
    server: RunningServer, account: str, device: Authenticator, change: Callable[[Authenticator], None]
) -> None:
    change(device)
    await refused(server, device)


@pytest.mark.proves("ac-passkey-verified")
async def test_a_counter_that_goes_back_is_a_copy(server: RunningServer, account: str, device: Authenticator) -> None:
    async with server.browser() as laptop:
        device.count = 5
        assert (await sign_in(laptop, device)).title == "Your account"
    device.count = 4
    await refused(server, device)
    device.count = 2
    await refused(server, device)
    async with server.browser() as laptop:
        device.count = 6
        assert (await sign_in(laptop, device)).title == "Your account"


async def test_a_device_that_does_not_count_signs_in_again_and_again(
    server: RunningServer, account: str, device: Authenticator
) -> None:
    device.counts = False
    for _ in range(2):
        async with server.browser() as laptop:
            assert (await sign_in(laptop, device)).title == "Your account"


@pytest.mark.proves("ac-passkey-second-step")
async def test_the_passkey_of_somebody_else_is_no_second_step(
    server: RunningServer, http: httpx.AsyncClient, account: str, device: Authenticator
) -> None:
    page = await Browser(http).open("/account/passkeys")
    await Browser(http).submit(page, "/account/passkeys/require")
    theirs = Authenticator(device.origin)
    async with server.browser() as attacker:
        await sign_up(attacker, f"attacker.{account}")
        await add_passkey(attacker, theirs)
    async with server.browser() as attacker:
        page = await Browser(attacker).open(SIGN_IN)
        page = await Browser(attacker).submit(page, SIGN_IN, email=account, password=PASSWORD)
        page = await sign_for(attacker, page, STEP, theirs)
        assert (page.status, page.title) == (400, "One more step")
        assert not await is_signed_in(attacker)


async def test_the_passkey_of_somebody_else_confirms_nothing(
    server: RunningServer, http: httpx.AsyncClient, account: str, device: Authenticator
) -> None:
    """Somebody at the open browser of another, with a passkey of their own."""
    theirs = Authenticator(device.origin)
    async with server.browser() as attacker:
        await sign_up(attacker, f"attacker.{account}")
        await add_passkey(attacker, theirs)
    server.clock.move(minutes=11)
    page = await Browser(http).open("/account/confirm?next=/account/passkeys")
    page = await sign_for(http, page, "/account/confirm/passkey", theirs)
    assert (page.status, page.title) == (400, "Is it you?")


@pytest.mark.proves("ac-passkey-second-step")
async def test_a_password_change_ends_the_first_step(
    server: RunningServer, http: httpx.AsyncClient, account: str, device: Authenticator
) -> None:
    page = await Browser(http).open("/account/passkeys")
    await Browser(http).submit(page, "/account/passkeys/require")
    async with server.browser() as thief:
        page = await Browser(thief).open(SIGN_IN)
        step = await Browser(thief).submit(page, SIGN_IN, email=account, password=PASSWORD)
        answer = device.sign(await question(thief, step, STEP))
        mine = await Browser(http).open("/account")
        await Browser(http).submit(mine, "/account/password", password=PASSWORD, new_password=OTHER_PASSWORD)
        page = await Browser(thief).submit(step, STEP, credential=answer)
        assert page.title == "This page is out of date"
        assert not await is_signed_in(thief)


async def test_a_first_step_belongs_to_its_browser(
    server: RunningServer, http: httpx.AsyncClient, account: str, device: Authenticator
) -> None:
    page = await Browser(http).open("/account/passkeys")
    await Browser(http).submit(page, "/account/passkeys/require")
    async with server.browser() as mine, server.browser() as other:
        page = await Browser(mine).open(SIGN_IN)
        await Browser(mine).submit(page, SIGN_IN, email=account, password=PASSWORD)
        await Browser(other).open(SIGN_IN)
        assert (await Browser(other).open(STEP)).has_form(SIGN_IN)


async def test_one_credential_is_never_two_peoples(
    server: RunningServer, http: httpx.AsyncClient, account: str, device: Authenticator
) -> None:
    copy = Authenticator(device.origin, credential_id=device.credential_id)
    async with server.browser() as attacker:
        await sign_up(attacker, f"attacker.{account}")
        page = await add_passkey(attacker, copy)
        assert page.status == 400
        assert "You have none yet" in page.text
    async with server.browser() as laptop:
        assert account in (await sign_in(laptop, device)).text


@pytest.mark.parametrize("change", [elsewhere, another_host, unverified, absent])
async def test_a_passkey_is_added_only_as_it_was_asked(
    server: RunningServer,
    http: httpx.AsyncClient,
    email: str,
    device: Authenticator,
    change: Callable[[Authenticator], None],
) -> None:
    await sign_up(http, email)
    change(device)
    page = await add_passkey(http, device)
    assert page.status == 400
    assert "This passkey can't be used here" in page.text


async def test_nobody_renames_or_removes_the_passkey_of_somebody_else(
    server: RunningServer, http: httpx.AsyncClient, account: str, device: Authenticator
) -> None:
    mine = await Browser(http).open("/account/passkeys")
    which = mine.fields("/account/passkeys/remove")["passkey"][0]
    theirs = Authenticator(device.origin)
    async with server.browser() as attacker:
        await sign_up(attacker, f"attacker.{account}")
        page = await add_passkey(attacker, theirs)
        for path in ("/account/passkeys/remove", "/account/passkeys/rename"):
            answer = await Browser(attacker).submit(page, path, passkey=which, name="mine now")
            assert answer.title == "This page is out of date"
    page = await Browser(http).open("/account/passkeys")
    assert "Phone" in page.text
    assert "mine now" not in page.text


@pytest.mark.proves("ac-enumeration-time")
async def test_questions_and_refusals_say_nothing_of_who_has_an_account(
    server: RunningServer, account: str, device: Authenticator
) -> None:
    unknown = Authenticator(device.origin, user_handle=device.user_handle)
    wrong = Authenticator(device.origin, credential_id=device.credential_id, user_handle=device.user_handle)
    texts: set[str] = set()
    for each in (unknown, wrong):
        async with server.browser() as other:
            page = await Browser(other).open(SIGN_IN)
            asked = await question(other, page, PASSKEY)
            assert asked["allowCredentials"] == []
            texts.add((await Browser(other).submit(page, PASSKEY, credential=each.sign(asked))).text)
    assert len(texts) == 1


@pytest.mark.parametrize(
    "credential",
    [
        "",
        "{",
        "null",
        "[]",
        "{}",
        '{"id": 1}',
        "[" * 5_000,
        '{"a":' * 5_000,
        "x" * 60_000,
        '{"id": "é", "rawId": "é", "type": "public-key", "response": {}}',
        json.dumps({"id": "AA", "rawId": "AA", "type": "public-key", "response": dict.fromkeys("ab", "é")}),
    ],
)
async def test_anything_else_than_an_answer_is_refused_as_such(http: httpx.AsyncClient, credential: str) -> None:
    page = await Browser(http).open(SIGN_IN)
    answer = await Browser(http).submit(page, PASSKEY, credential=credential)
    assert (answer.status, answer.title) == (400, "Sign in to your account")


@pytest.mark.parametrize("part", ["clientDataJSON", "authenticatorData", "signature", "userHandle"])
@pytest.mark.parametrize(
    "garbage", [b"", b"{", b"\xff" * 40, b'{"type": 1, "challenge": 2, "origin": 3}', b"[" * 9_000]
)
async def test_garbage_in_a_part_of_the_answer_is_refused(
    server: RunningServer, account: str, device: Authenticator, part: str, garbage: bytes
) -> None:
    async with server.browser() as laptop:
        page = await Browser(laptop).open(SIGN_IN)
        answer = json.loads(device.sign(await question(laptop, page, PASSKEY)))
        answer["response"][part] = to_text(garbage)
        page = await Browser(laptop).submit(page, PASSKEY, credential=json.dumps(answer))
        assert page.status == 400
        assert not await is_signed_in(laptop)


@pytest.mark.parametrize("garbage", [b"", b"\x81" * 9_000, b"\xa1" * 9_000, b"\xff", b"\xd8\x1c\xd8\x1d\x00"])
async def test_garbage_in_a_new_passkey_is_refused(
    http: httpx.AsyncClient, email: str, device: Authenticator, garbage: bytes
) -> None:
    await sign_up(http, email)
    page = await Browser(http).open("/account/passkeys")
    answer = json.loads(device.make(await question(http, page, ADD)))
    answer["response"]["attestationObject"] = to_text(garbage)
    assert (await Browser(http).submit(page, ADD, credential=json.dumps(answer))).status == 400


async def test_every_bit_of_what_was_signed_counts(server: RunningServer, account: str, device: Authenticator) -> None:
    async with server.browser() as laptop:
        for part in ("authenticatorData", "signature"):
            page = await Browser(laptop).open(SIGN_IN)
            answer = json.loads(device.sign(await question(laptop, page, PASSKEY)))
            data = bytearray(to_bytes(answer["response"][part]))
            data[-1] ^= 1
            answer["response"][part] = to_text(bytes(data))
            assert (await Browser(laptop).submit(page, PASSKEY, credential=json.dumps(answer))).status == 400


@pytest.mark.proves("ac-guessing")
async def test_attempts_with_passkeys_wait_as_those_with_passwords_do(
    settings: Settings, engine: Engine, email: str
) -> None:
    server = await start(settings.model_copy(update={"limits": True}), engine)
    async with server.browser() as http:
        page = await Browser(http).open(SIGN_IN)
        statuses = [(await Browser(http).submit(page, PASSKEY, credential="{}")).status for _ in range(32)]
    assert statuses[:20] == [400] * 20
    assert statuses[-1] == 429
