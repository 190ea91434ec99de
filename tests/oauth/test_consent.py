"""The consent page and the code page."""

from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import jwt
import pytest
from sqlalchemy import insert, select

from app.db import Engine, transaction
from app.households.tables import households, memberships
from app.oauth.tables import grants
from app.people.tables import people
from app.settings import Settings
from tests.db.looking import count
from tests.oauth.browser import PASSWORD, Browser, refresh_target
from tests.oauth.conftest import RunningServer, start
from tests.oauth.tokens import Attempt, approved_code, code_of, consent_page, redeem, register

pytestmark = pytest.mark.anyio

CONSENT, SIGN_OUT = "/oauth/consent", "/oauth/sign-out"


async def second_household(server: RunningServer, email: str) -> str:
    """Another household that the person belongs to, as its viewer."""
    household_id = uuid4()
    async with transaction(server.engine) as connection:
        person = (await connection.execute(select(people.c.id).where(people.c.email == email))).scalar_one()
        await connection.execute(
            insert(households).values(id=household_id, ref=f"h{household_id.hex[:9]}", name="Allotment")
        )
        await connection.execute(insert(memberships).values(household_id=household_id, person_id=person, role="viewer"))
    return str(household_id)


@pytest.mark.proves("""cn-informed MUST OAuth 2.1 §7.3; MCP security_best_practices (Consent UI)
    The page says which client, which scopes, which lifetime and where the answer goes.
    Here: It shows name, id, redirect host, level, households and duration.""")
@pytest.mark.proves("cn-redirect-host")
async def test_the_page_says_who_asks_and_who_answers(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    client = await register(http, server.url, client_name="Claude", redirect_uris=["https://xn--pypal-4ve.example/cb"])
    attempt = Attempt(client["client_id"], server.url, redirect_uri="https://xn--pypal-4ve.example/cb")
    page = await Browser(http).sign_up(attempt.url(), email)
    for shown in ("Claude", client["client_id"], "xn--pypal-4ve.example", email, "Not you?"):
        assert shown in page.text
    assert "runs on a device" not in page.text


@pytest.mark.proves("""cn-loopback-warning SHOULD MCP security-considerations (Localhost Redirect URI Risks);
    RFC 8252 §8.6
    The page warns when the answer goes to a program on the device.
    Here: A notice says that any program there can use the name.""")
@pytest.mark.parametrize(
    "redirect_uri", ["http://localhost:49152/callback", "cursor://anysphere.cursor-mcp/oauth/callback"]
)
async def test_a_program_on_the_device_gets_a_warning(
    server: RunningServer, http: httpx.AsyncClient, email: str, redirect_uri: str
) -> None:
    client = await register(http, server.url, redirect_uris=[redirect_uri])
    attempt = Attempt(client["client_id"], server.url, redirect_uri=redirect_uri)
    page = await Browser(http).sign_up(attempt.url(), email)
    assert "runs on a device" in page.text


@pytest.mark.proves("""rg-self-asserted SHOULD RFC 7591 §5
    What a client says of itself is not shown as truth.
    Here: The name is stripped, escaped and marked as its own words (the mark is untested); logos are neither shown nor
    fetched.""")
@pytest.mark.proves("az-output-escaped")
async def test_a_clients_name_cannot_disguise_itself(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    name = "<h1>Shopping list</h1>\u202eedualC\u200b"
    client = await register(http, server.url, client_name=name)
    page = await Browser(http).sign_up(Attempt(client["client_id"], server.url).url(), email)
    assert "<h1>Shopping list</h1>" not in page.response.text
    assert "\u202e" not in page.response.text
    assert "\u200b" not in page.response.text


@pytest.mark.parametrize(("name", "is_warned_of"), [("\u0421laude", True), ("Claude", False)], ids=ascii)
async def test_a_name_that_mixes_alphabets_comes_with_a_warning(
    server: RunningServer, http: httpx.AsyncClient, email: str, name: str, is_warned_of: bool
) -> None:
    client = await register(http, server.url, client_name=name)
    attempt = Attempt(client["client_id"], server.url)
    page = await Browser(http).sign_up(attempt.url(), email)
    assert ("mixes letters of several alphabets" in page.text) == is_warned_of


@pytest.mark.proves("""az-scope-default MUST OAuth 2.1 §1.4.1
    Without a scope a documented default is used.
    Here: It means lists:read lists:write.""")
@pytest.mark.proves("""az-scope-unknown MUST OAuth 2.1 §1.4.1, §4.1.2.1
    Scopes that don't exist are ignored or refused, and the granted ones are returned.
    Here: Unknown ones are dropped, none left counts as none asked for, and every token answer has `scope`.""")
@pytest.mark.proves("cn-informed")
@pytest.mark.parametrize(
    ("asked", "level", "scope"),
    [
        (None, "change", "lists:read lists:write"),
        ("lists:read", "look", "lists:read"),
        ("lists:write", "change", "lists:read lists:write"),
        ("lists:read lists:write openid offline_access", "change", "lists:read lists:write"),
        ("claudeai", "change", "lists:read lists:write"),
        ("mcp", "change", "lists:read lists:write"),
        ("openid profile", "change", "lists:read lists:write"),
        (" ", "change", "lists:read lists:write"),
        ("household:manage", "manage", "lists:read lists:write household:manage"),
    ],
)
async def test_the_level_is_preselected_from_the_requested_scopes(
    server: RunningServer, http: httpx.AsyncClient, email: str, asked: str | None, level: str, scope: str
) -> None:
    attempt, page = await consent_page(http, server.url, email, scope=asked)
    assert page.fields(CONSENT)["level"] == [level]
    assert page.fields(CONSENT)["duration"] == ["30-days"]
    response = await redeem(http, attempt, code_of(await Browser(http).approve(page)))
    assert response.json()["scope"] == scope


@pytest.mark.proves("""cn-less-or-more SHOULD OAuth 2.1 §1.4.1; RFC 9700 §2.3
    The person may give less than was asked.
    Here: The level is chosen on the page, and the response names the scopes.""")
@pytest.mark.proves("""tk-scope-told MUST OAuth 2.1 §1.4.1, §3.2.3
    The response names the scope when it differs from the requested one.
    Here: It always does.""")
@pytest.mark.parametrize(
    ("level", "scope"), [("look", "lists:read"), ("manage", "lists:read lists:write household:manage")]
)
async def test_the_person_can_allow_less_or_more_than_was_requested(
    server: RunningServer, http: httpx.AsyncClient, email: str, level: str, scope: str
) -> None:
    attempt, code = await approved_code(http, server.url, email, level=level)
    assert (await redeem(http, attempt, code)).json()["scope"] == scope


async def test_the_preselected_form_can_be_approved_as_it_is(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    attempt, page = await consent_page(http, server.url, email)
    hidden = {str(field["name"]): str(field["value"]) for field in page.form(CONSENT).find_all("input", type="hidden")}
    response = await http.post(CONSENT, data={**hidden, "decision": "approve"})
    assert response.status_code == 200
    assert attempt.redirect_uri in response.text


@pytest.mark.proves("""cn-duration SHOULD own rule
    The person decides how long the access lasts, and it ends then.
    Here: An hour, a day, 30 days or until revoked.""")
@pytest.mark.proves("""tk-short-lived SHOULD MCP security-considerations (Token Theft); OAuth 2.1 §7.1.3; RFC 6750 §5.3
    Access tokens are short-lived.
    Here: 8 hours unless set; the one of a consent for an hour lives that hour and has no refresh token.""")
@pytest.mark.proves("""rt-risk MUST RFC 9700 §4.14.2; OAuth 2.1 §3.2.3
    The server decides by risk whether to give refresh tokens.
    Here: Only for consents longer than an hour.""")
@pytest.mark.parametrize(
    ("duration", "seconds", "refreshed"),
    [("hour", 3600, False), ("day", 28_800, True), ("30-days", 28_800, True), ("until-revoked", 28_800, True)],
)
async def test_the_grant_lasts_as_long_as_the_person_chose(
    server: RunningServer, http: httpx.AsyncClient, email: str, duration: str, seconds: int, refreshed: bool
) -> None:
    attempt, code = await approved_code(http, server.url, email, duration=duration)
    tokens = (await redeem(http, attempt, code)).json()
    assert tokens["expires_in"] == seconds
    assert ("refresh_token" in tokens) is refreshed
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == seconds
    days = {"hour": 1 / 24, "day": 1, "30-days": 30, "until-revoked": 3650}[duration]
    server.clock.move(days=days, seconds=-1)
    assert await server.grant_of(tokens["access_token"]) is not None
    server.clock.move(seconds=1)
    ended = await server.grant_of(tokens["access_token"]) is None
    assert ended is (duration != "until-revoked")


@pytest.mark.proves("cn-informed")
async def test_one_household_unless_more_are_ticked(server: RunningServer, http: httpx.AsyncClient, email: str) -> None:
    await consent_page(http, server.url, email)
    second = await second_household(server, email)
    attempt = Attempt((await register(http, server.url))["client_id"], server.url)
    page = await Browser(http).open(attempt.url())
    [first] = page.fields(CONSENT)["household"]
    assert page.fields(CONSENT)["default_household"] == [first]

    async def granted(**choices: str | list[str]) -> tuple[str, set[str]]:
        page = await Browser(http).open(attempt.url())
        code = code_of(await Browser(http).approve(page, **choices))
        grant = await server.grant_of((await redeem(http, attempt, code)).json()["access_token"])
        assert grant is not None
        return str(grant.default_household_id), {str(each) for each in grant.household_ids}

    assert await granted() == (first, {first})
    assert await granted(household=[first, second]) == (first, {first, second})
    assert await granted(household=[first], default_household=second) == (second, {first, second})


@pytest.mark.parametrize(
    "choices",
    [
        {"level": "everything"},
        {"duration": "forever"},
        {"duration": ["hour", "day"]},
        {"default_household": "x"},
        {"household": "00000000-0000-7000-8000-000000000000"},
        {"decision": "maybe"},
        {"decision": None},
        {"level": "look\0"},
    ],
    ids=str,
)
async def test_a_choice_that_was_not_offered_changes_nothing(
    server: RunningServer, http: httpx.AsyncClient, email: str, choices: dict[str, str | list[str] | None]
) -> None:
    _, page = await consent_page(http, server.url, email)
    refused = await Browser(http).submit(page, CONSENT, **{"decision": "approve", **choices})
    assert refused.status == 400
    assert refused.has_form(CONSENT)
    assert await count(server.engine, grants) == 0
    assert await Browser(http).approve(refused)


@pytest.mark.proves("""cn-own-households MUST own rule
    Only households of the person can be chosen.
    Here: The choice is checked against today's memberships.""")
async def test_another_persons_household_cannot_be_chosen(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    _, others = await consent_page(http, server.url, email)
    theirs = others.fields(CONSENT)["household"][0]
    async with server.browser() as mine:
        _, page = await consent_page(mine, server.url, f"me.{email}")
        for choice in ({"household": theirs}, {"default_household": theirs}):
            refused = await Browser(mine).submit(page, CONSENT, decision="approve", **choice)
            assert refused.status == 400
    assert await count(server.engine, grants) == 0


@pytest.mark.proves("az-iss")
async def test_a_denial_is_sent_to_the_client_and_creates_no_grant(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    attempt, page = await consent_page(http, server.url, email)
    target = refresh_target(await Browser(http).submit(page, CONSENT, decision="deny"))
    answer = parse_qs(urlsplit(target).query)
    assert answer["error"] == ["access_denied"]
    assert answer["state"] == [attempt.state]
    assert answer["iss"] == [server.url]
    assert "code" not in answer
    assert await count(server.engine, grants) == 0


@pytest.mark.proves("""az-request-once MUST own rule; RFC 9700 §4.7
    An answer to a consent counts once.
    Here: The request row is locked and used up.""")
@pytest.mark.proves("""as-code-reload MUST own rule
    Reloading the code page gives no second code.
    Here: The request is used up by the first post.""")
async def test_a_request_can_be_answered_once(server: RunningServer, http: httpx.AsyncClient, email: str) -> None:
    _, page = await consent_page(http, server.url, email)
    await Browser(http).approve(page)
    for decision in ("approve", "deny"):
        again = await Browser(http).submit(page, CONSENT, decision=decision)
        assert again.status == 400
        assert again.title == "You have answered already"
    assert await count(server.engine, grants) == 1


@pytest.mark.proves("""az-unknown-ignored MUST OAuth 2.1 §3.1, §3.2
    Unknown parameters are ignored.
    Here: Only known names are read; a `prompt` changes nothing.""")
@pytest.mark.proves("""cn-never-skipped SHOULD OAuth 2.1 §7.3.1; RFC 8252 §8.6;
    MCP security_best_practices (Confused Deputy)
    Consent is asked again each time, because a client can't prove who it is.
    Here: It is never skipped; each approval is a grant of its own.""")
async def test_consent_is_asked_every_time_and_each_approval_is_a_new_grant(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    attempt, _ = await approved_code(http, server.url, email)
    page = await Browser(http).open(attempt.url(prompt="none"))
    assert page.has_form(CONSENT)
    await Browser(http).approve(page)
    assert await count(server.engine, grants) == 2


@pytest.mark.proves("""az-account-switch MUST own rule
    A consent page shown to one person is worth nothing after another signs in.
    Here: The form's token names the person.""")
async def test_after_another_sign_in_an_open_consent_page_no_longer_works(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    attempt, first_tab = await consent_page(http, server.url, email)
    browser = Browser(http)
    second_tab = await browser.open(attempt.url())
    asked_anew = await browser.submit(second_tab, SIGN_OUT)
    assert asked_anew.has_form("/oauth/sign-in")
    other = await browser.open(asked_anew.link("/oauth/sign-up"))
    other = await browser.submit(other, "/oauth/sign-up", email=f"other.{email}", password=PASSWORD)
    assert f"other.{email}" in other.text
    refused = await browser.submit(first_tab, CONSENT, decision="approve")
    assert refused.status == 400
    assert await count(server.engine, grants) == 0
    await browser.approve(other)
    async with transaction(server.engine) as connection:
        whose = select(people.c.email).join(grants, grants.c.person_id == people.c.id)
        assert (await connection.execute(whose)).scalars().all() == [f"other.{email}"]


@pytest.mark.proves("ac-session-fixation")
async def test_signing_out_ends_the_session_behind_a_copied_cookie(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    attempt, page = await consent_page(http, server.url, email)
    copied = http.cookies["shopping_session"]
    await Browser(http).submit(page, SIGN_OUT)
    async with server.browser() as thief:
        thief.cookies.set("shopping_session", copied)
        assert not (await Browser(thief).open(attempt.url())).has_form(CONSENT)


@pytest.mark.proves("""az-authenticate-first MUST OAuth 2.1 §7.12.2; RFC 9700 §4.11.2
    The person is authenticated before the browser is sent to a client.
    Here: A code or a denial needs a signed-in person and a posted form.""")
async def test_consent_needs_a_signed_in_person(server: RunningServer, http: httpx.AsyncClient, email: str) -> None:
    _, page = await consent_page(http, server.url, email)
    server.clock.move(minutes=9)
    http.cookies.clear()
    refused = await Browser(http).submit(page, CONSENT, decision="approve")
    assert refused.status == 400
    assert await count(server.engine, grants) == 0


@pytest.mark.proves("""az-no-store SHOULD RFC 9700 §4.2; RFC 6749 §5.1
    Pages with codes or credentials are not cached.
    Here: Every page is no-store.""")
@pytest.mark.proves("""az-clickjacking MUST OAuth 2.1 §7.10; RFC 9700 §4.16; MCP security_best_practices (Consent UI)
    No page can be framed.
    Here: frame-ancestors 'none' and X-Frame-Options DENY stand on every page.""")
async def test_no_page_can_be_framed_or_leak_its_address(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    attempt = Attempt((await register(http, server.url))["client_id"], server.url)
    browser = Browser(http)
    sign_in = await browser.open(attempt.url())
    sign_up = await browser.open(sign_in.link("/oauth/sign-up"))
    consent = await browser.submit(sign_up, "/oauth/sign-up", email=email, password=PASSWORD)
    code = await browser.submit(consent, CONSENT, decision="approve")
    for page in (sign_in, sign_up, consent, code):
        headers = page.response.headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"
    for page in (sign_in, sign_up, consent):
        assert page.response.headers["referrer-policy"] == "same-origin"


@pytest.mark.proves("""az-referrer SHOULD RFC 9700 §4.2.4
    No page leaks code or state by the Referer header, and none loads third-party content.
    Here: The code page is no-referrer and loads nothing; other pages are same-origin.""")
@pytest.mark.proves("""as-token-in-url MUST RFC 6750 §5.3; RFC 9700 §4.3
    No access or refresh token ever stands in an address.
    Here: Only codes travel by address.""")
async def test_the_code_page_loads_nothing_and_redirects_without_scripts(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    attempt, page = await consent_page(http, server.url, email)
    code_page = await Browser(http).submit(page, CONSENT, decision="approve")
    headers = code_page.response.headers
    assert code_page.status == 200
    assert headers["content-security-policy"] == "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    assert headers["referrer-policy"] == "no-referrer"
    assert not code_page.soup.find_all(["script", "link", "img", "style", "iframe", "form"])
    target = refresh_target(code_page)
    assert target == code_page.link(attempt.redirect_uri)
    assert parse_qs(urlsplit(target).query).keys() == {"code", "state", "iss"}


async def test_a_quote_in_the_redirect_address_stays_inside_it(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    tricky = "https://client.example/cb;url='x'/(y)?a='b'"
    client = await register(http, server.url, redirect_uris=[tricky])
    attempt = Attempt(client["client_id"], server.url, redirect_uri=tricky)
    browser = Browser(http)
    location = await browser.approve(await browser.sign_up(attempt.url(), email))
    assert location.startswith("https://client.example/cb;url='x'/(y)?a=")


async def test_over_https_the_cookie_is_bound_to_the_host(settings: Settings, engine: Engine, email: str) -> None:
    server = await start(settings.model_copy(update={"public_url": "https://lists.example.org"}), engine)
    async with server.browser() as http:
        attempt, code = await approved_code(http, server.url, email)
        assert [cookie.name for cookie in http.cookies.jar] == ["__Host-shopping_session"]
        assert all(cookie.secure for cookie in http.cookies.jar)
        assert (await redeem(http, attempt, code)).status_code == 200
