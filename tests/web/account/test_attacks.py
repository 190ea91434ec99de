"""Attacks on accounts, as requests over HTTP."""

import re
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urljoin, urlsplit

import anyio
import httpx
import pytest
from starlette.routing import Route

from app.db import Engine
from app.people.passwords import PasswordHashing
from app.settings import Settings
from app.ui.forms import local_path
from app.web.household.transfer import IMPORT
from tests.hashing import CheapHasher
from tests.oauth.browser import PASSWORD, Browser
from tests.oauth.conftest import RunningServer, start
from tests.oauth.tokens import Attempt, register
from tests.web.account.pages import SIGN_IN, can_sign_in, connect, is_signed_in, sign_in

pytestmark = pytest.mark.anyio

WRONG = "wrong horse battery"
TOKEN = re.compile("[0-9a-f]{64}")


def pages(server: RunningServer, method: str) -> list[str]:
    """The paths of every page for people."""
    routes = [each for each in server.app.routes if isinstance(each, Route)]
    return [
        each.path
        for each in routes
        if method in (each.methods or ()) and "OPTIONS" not in (each.methods or ()) and not each.path.endswith("z")
    ]


# Enumeration and guessing


@dataclass
class CountingHasher(CheapHasher):
    """Counts how often it verifies."""

    verified: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        super().__init__()

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self.verified.append(str(password))
        return super().verify(hash, password)


@pytest.fixture
async def limited(settings: Settings, engine: Engine) -> RunningServer:
    """The server with its limits."""
    return await start(settings.model_copy(update={"limits": True}), engine)


@pytest.mark.proves("""ac-enumeration-time MUST own rule
    Both take the same time.
    Here: A dummy hash is verified; the test counts the hasher's work for each request over HTTP, not the time.""")
async def test_known_and_unknown_accounts_answer_alike_wait_alike_and_cost_the_same(
    settings: Settings, engine: Engine, email: str
) -> None:
    hasher = CountingHasher()
    server = await start(settings.model_copy(update={"limits": True}), engine, hashing=PasswordHashing(hasher))
    async with server.browser() as http:
        await connect(server, http, email)
    seen: dict[str, list[tuple[int, str, str | None, int]]] = {}
    for tried in (email, f"x{email}"):
        async with server.browser() as http:
            page = await Browser(http).open(SIGN_IN)
            for _ in range(8):
                before = len(hasher.verified)
                answer = await Browser(http).submit(page, SIGN_IN, email=tried, password=WRONG)
                text = TOKEN.sub("", answer.response.text).replace(tried, "")
                work = len(hasher.verified) - before
                seen.setdefault(tried, []).append(
                    (answer.status, text, answer.response.headers.get("retry-after"), work)
                )
    assert seen[email] == seen[f"x{email}"]
    assert [work for _, _, _, work in seen[email]] == [1] * 6 + [0] * 2
    assert [status for status, _, _, _ in seen[email]] == [400] * 6 + [429] * 2


@pytest.mark.proves("ac-guessing")
async def test_a_right_password_waits_too_and_then_ends_the_waits(limited: RunningServer, email: str) -> None:
    async with limited.browser() as http:
        await connect(limited, http, email)
    async with limited.browser() as http:
        page = await Browser(http).open(SIGN_IN)
        for _ in range(6):
            await Browser(http).submit(page, SIGN_IN, email=email, password=WRONG)
        early = await Browser(http).submit(page, SIGN_IN, email=email, password=PASSWORD)
        assert early.status == 429
        assert early.response.headers["retry-after"] == "1"
        assert early.has_form(SIGN_IN)
        limited.clock.move(seconds=1)
        page = await Browser(http).submit(early, SIGN_IN, email=email, password=PASSWORD)
        assert page.title == "Your account"
    async with limited.browser() as http:
        page = await Browser(http).open(SIGN_IN)
        statuses = [(await Browser(http).submit(page, SIGN_IN, email=email, password=WRONG)).status for _ in range(6)]
    assert statuses == [400] * 6


# Using up memory and processor


class SlowHasher(CountingHasher):
    """Works until it is stopped."""

    may_end = threading.Event()

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        assert self.may_end.wait(30)
        return super().verify(hash, password)


@pytest.fixture
async def slow(settings: Settings, engine: Engine) -> AsyncIterator[tuple[RunningServer, SlowHasher]]:
    hasher = SlowHasher()
    hasher.may_end = threading.Event()
    try:
        yield await start(settings, engine, hashing=PasswordHashing(hasher, places=5)), hasher
    finally:
        hasher.may_end.set()


async def test_a_flood_of_sign_ins_is_rejected_and_the_service_keeps_answering(
    slow: tuple[RunningServer, SlowHasher], email: str
) -> None:
    server, hasher = slow
    refused: list[httpx.Response] = []
    others: list[int] = []
    full = anyio.Event()
    async with server.browser() as http:
        page = await Browser(http).open(SIGN_IN)

        async def flood(number: int) -> None:
            answer = await Browser(http).submit(page, SIGN_IN, email=f"{number}.{email}", password=WRONG)
            if answer.status == 503:
                refused.append(answer.response)
                if len(refused) == 15:
                    full.set()
            else:
                others.append(answer.status)

        async with anyio.create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(flood, number)
            with anyio.fail_after(20):
                await full.wait()
            for path in ("/healthz", "/readyz", SIGN_IN):
                assert (await http.get(path)).status_code == 200
            hasher.may_end.set()
    assert others == [400] * 5  # two at once, and three waiting
    assert all(int(each.headers["retry-after"]) > 0 for each in refused)


async def test_a_rejected_sign_in_does_not_count_as_a_failure(settings: Settings, engine: Engine, email: str) -> None:
    first = await start(settings, engine)
    async with first.browser() as http:
        await connect(first, http, email)
    hashing = PasswordHashing(places=0)
    limited = await start(settings.model_copy(update={"limits": True}), engine, hashing=hashing)
    async with limited.browser() as http:
        page = await Browser(http).open(SIGN_IN)
        answers = [await Browser(http).submit(page, SIGN_IN, email=email, password=WRONG) for _ in range(9)]
    assert [answer.status for answer in answers] == [503] * 9
    assert await can_sign_in(await start(limited.settings, engine), email, PASSWORD)


# Forms and pages


@pytest.mark.proves("""az-csrf MUST OAuth 2.1 §7.9; RFC 9700 §4.7; MCP security_best_practices (Consent UI)
    A form that another site sends does nothing.
    Here: Forms carry an HMAC of cookie, purpose, request and person, and a foreign Origin is refused.""")
async def test_no_form_without_a_valid_csrf_token_changes_anything(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    token = await connect(server, http, email)
    page = await Browser(http).open("/account")
    stolen = page.fields("/account/sign-out")["form_token"][0]
    attempt = Attempt((await register(http, server.url))["client_id"], server.url)
    consent = await Browser(http).open(attempt.url())
    waiting = {"request": consent.fields("/oauth/consent")["request"][0], "decision": "approve"}
    forms = pages(server, "POST")
    assert len(forms) == 82
    for path in forms:
        for proof in ({}, {"form_token": ""}, {"form_token": "0" * 64}, {"form_token": "é"}, {"form_token": stolen}):
            if path == "/notifications/unsubscribe":
                continue  # a mail program sends it, without a browser: the token in its address is the proof
            if path == "/account/sign-out" and proof.get("form_token") == stolen:
                continue
            data = {"email": email, "password": PASSWORD, "new_password": WRONG, **waiting, **proof}
            files = {"archive": ("home.zip", b"PK")} if path == IMPORT else None
            response = await http.post(path, data=data, files=files)
            assert response.status_code == 400, path
            assert "out of date" in response.text, path
            assert "set-cookie" not in response.headers, path
    assert await is_signed_in(http)
    assert await server.grant_of(token) is not None
    assert await can_sign_in(server, email, PASSWORD)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost"])
async def test_no_account_form_from_another_origin_changes_anything(
    server: RunningServer, http: httpx.AsyncClient, email: str, origin: str
) -> None:
    token = await connect(server, http, email)
    page = await Browser(http).open("/account")
    for path in ("/account/password", "/account/sign-out", "/account/sign-out-everywhere"):
        refused = await Browser(http).submit_from(
            origin, page, path, **({"password": PASSWORD, "new_password": WRONG} if path.endswith("password") else {})
        )
        assert refused.status == 400, path
    assert await is_signed_in(http)
    assert await server.grant_of(token) is not None


@pytest.mark.proves("az-no-store", "az-clickjacking")
async def test_no_page_can_be_framed_cached_or_scripted(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await connect(server, http, email)
    found = pages(server, "GET")
    assert len(found) == 106
    for path in [*found, *pages(server, "POST")]:
        for method in ("GET", "POST"):
            response = await http.request(method, path, data={} if method == "POST" else None)
            if response.status_code in (303, 405):
                continue
            policy = response.headers["content-security-policy"]
            assert "frame-ancestors 'none'" in policy, path
            assert "default-src 'none'" in policy, path
            assert "unsafe" not in policy, path
            assert response.headers["x-frame-options"] == "DENY", path
            assert response.headers["cache-control"] == "no-store", path


async def test_a_form_from_another_browser_signs_nobody_in(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    """Login CSRF: the attacker's own form, token included, in the victim's browser."""
    await connect(server, http, email)
    async with server.browser() as attacker, server.browser() as victim:
        theirs = (await Browser(attacker).open(SIGN_IN)).fields(SIGN_IN)
        await Browser(victim).open(SIGN_IN)
        response = await victim.post(SIGN_IN, data={**theirs, "email": email, "password": PASSWORD})
        assert response.status_code == 400
        assert not await is_signed_in(victim)


async def test_a_planted_cookie_is_worthless_after_the_sign_in(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    """Session fixation."""
    await connect(server, http, email)
    async with server.browser() as attacker, server.browser() as victim:
        await Browser(attacker).open(SIGN_IN)
        planted = attacker.cookies["shopping_session"]
        victim.cookies.set("shopping_session", planted, domain="localhost.local", path="/")
        assert (await sign_in(victim, email)).title == "Your account"
        assert not await is_signed_in(attacker)


# Open redirects


@pytest.mark.proves("az-no-next")
@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/%2f/evil.example",
        "/%5cevil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "/account/../..//evil.example",
        "/account/reset@evil.example",
        "/account\r\nLocation: https://evil.example",
        "/./evil.example",
        "account",
        "?next=//evil.example",
        "/" + "a" * 5000,
        "",
    ],
)
async def test_signing_in_leads_only_to_pages_of_this_service(
    server: RunningServer, http: httpx.AsyncClient, email: str, target: str
) -> None:
    await connect(server, http, email)
    async with server.browser() as other:
        response = await other.get(SIGN_IN, params={"next": target})
        assert response.status_code == 200
        assert "evil" not in response.text
        fields = (await Browser(other).open(SIGN_IN)).fields(SIGN_IN)
        data = {**fields, "next": target, "email": email, "password": PASSWORD}
        response = await other.post(SIGN_IN, data=data)
        assert response.status_code == 303
        assert response.headers["location"] == "/account"
        response = await other.get(SIGN_IN, params={"next": target})  # who is signed in already goes on at once
        assert response.headers["location"] == "/account"


@pytest.mark.parametrize(
    "target", ["/account", "/account/reset", "/account/sign-in?next=x", "/oauth/consent?request=1-2"]
)
def test_paths_of_this_service_are_local(target: str) -> None:
    assert local_path(target, "/otherwise") == target
    assert urlsplit(target).netloc == ""


@pytest.mark.proves("""ac-credentials-not-redirected MUST OAuth 2.1 §3.1, §7.5.4; RFC 9700 §2.1
    Submitted credentials are not forwarded.
    Here: The answer to a form is 303 or a page.""")
@pytest.mark.proves("az-303")
async def test_the_response_to_a_form_with_a_password_is_303(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    """So that no browser sends the password on to where it is redirected."""
    await connect(server, http, email)
    async with server.browser() as other:
        fields = (await Browser(other).open(SIGN_IN)).fields(SIGN_IN)
        response = await other.post(SIGN_IN, data={**fields, "email": email, "password": PASSWORD})
        assert response.status_code == 303
        fields = (await Browser(other).open("/account")).fields("/account/password")
        data = {**fields, "password": PASSWORD, "new_password": WRONG}
        assert (await other.post("/account/password", data=data)).status_code == 303
    attempt = Attempt((await register(http, server.url))["client_id"], server.url)
    for path, name in (("/oauth/sign-in", email), ("/oauth/sign-up", f"new.{email}")):
        async with server.browser() as other:
            page = await Browser(other).open(attempt.url())
            if path == "/oauth/sign-up":
                page = await Browser(other).open(urljoin(str(page.response.url), page.link(path)))
            data = {**page.fields(path), "email": name, "password": WRONG}
            assert (await other.post(path, data=data)).status_code == 303, path
