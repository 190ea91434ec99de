"""The sign-in and sign-up pages."""

from urllib.parse import urljoin

import httpx
import pytest

from app.db import Engine
from app.households.tables import households, memberships
from app.limits.defaults import SIGN_INS
from app.people.tables import people, sessions
from app.settings import Settings
from tests.db.looking import count
from tests.oauth.browser import PASSWORD, Browser, Page
from tests.oauth.conftest import RunningServer, start
from tests.oauth.tokens import Attempt, consent_page, register

pytestmark = pytest.mark.anyio

SIGN_IN, SIGN_UP = "/oauth/sign-in", "/oauth/sign-up"


@pytest.fixture
async def attempt(server: RunningServer, http: httpx.AsyncClient) -> Attempt:
    return Attempt((await register(http, server.url))["client_id"], server.url)


async def sign_up_page(http: httpx.AsyncClient, attempt: Attempt) -> Page:
    browser = Browser(http)
    page = await browser.open(attempt.url())
    return await browser.open(urljoin(str(page.response.url), page.link(SIGN_UP)))


async def made(server: RunningServer) -> list[int]:
    """How many people, sessions, households and memberships there are."""
    return [await count(server.engine, table) for table in (people, sessions, households, memberships)]


@pytest.mark.proves("""ac-enumeration-answer MUST own rule
    Sign-in answers an unknown address and a wrong password alike.
    Here: Text, status and headers are the same.""")
async def test_an_unknown_account_and_a_wrong_password_get_the_same_answer(
    server: RunningServer, http: httpx.AsyncClient, attempt: Attempt, email: str
) -> None:
    await consent_page(http, server.url, email)
    async with server.browser() as other:
        browser = Browser(other)
        page = await browser.open(attempt.url())
        wrong = await browser.submit(page, SIGN_IN, email=email, password="wrong horse")
        unknown = await browser.submit(page, SIGN_IN, email=f"x{email[1:]}", password="wrong horse")
        short = await browser.submit(page, SIGN_IN, email=email, password="x")
        assert wrong.status == unknown.status == short.status == 400
        assert wrong.response.text == short.response.text
        assert wrong.response.text.replace(email, "") == unknown.response.text.replace(f"x{email[1:]}", "")
        assert "wrong" in wrong.text
        assert wrong.response.headers.keys() == unknown.response.headers.keys()


async def test_signing_up_makes_person_household_and_session_at_once(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    await consent_page(http, server.url, email)
    assert await made(server) == [1, 1, 1, 1]


@pytest.mark.proves("""ac-enumeration-sign-up SHOULD own rule
    Sign-up does not reveal who has an account.
    Instead: Without SMTP the form says that an address is taken (decision 7), for there is no other way; with it every
    address gets the same answer, and the e-mail says the rest.""")
async def test_a_taken_address_makes_nothing(
    server: RunningServer, http: httpx.AsyncClient, attempt: Attempt, email: str
) -> None:
    await consent_page(http, server.url, email)
    before = await made(server)
    async with server.browser() as other:
        page = await sign_up_page(other, attempt)
        page = await Browser(other).submit(page, SIGN_UP, email=email.upper(), password="another password")
        assert page.status == 400
        assert page.has_form(SIGN_UP)
        assert await made(server) == before
        page = await Browser(other).submit(page, SIGN_UP, email=email, password="another password")
        page = await Browser(other).open(attempt.url())
        refused = await Browser(other).submit(page, SIGN_IN, email=email, password="another password")
        assert refused.status == 400


@pytest.mark.parametrize("path", [SIGN_IN, SIGN_UP])
@pytest.mark.parametrize(
    ("email", "password", "named"),
    [
        ("", PASSWORD, "email"),
        ("not an address", PASSWORD, "email"),
        ("a\0b@example.org", PASSWORD, "email"),
        ("a" * 60_000, PASSWORD, "email"),
        ("anna@example.org", "with NUL\0", "password"),
        ("anna@example.org", "x" * 1025, "password"),
    ],
    ids=["empty", "no address", "NUL in email", "huge email", "NUL in password", "huge password"],
)
async def test_bad_input_is_refused_by_name(
    http: httpx.AsyncClient, attempt: Attempt, path: str, email: str, password: str, named: str
) -> None:
    browser = Browser(http)
    page = await browser.open(attempt.url()) if path == SIGN_IN else await sign_up_page(http, attempt)
    page = await browser.submit(page, path, email=email, password=password)
    assert page.status == 400
    assert page.has_form(path)
    alert = page.soup.select_one("[role=alert]")
    assert alert is not None
    assert named in alert.get_text()


@pytest.mark.parametrize("path", [SIGN_IN, SIGN_UP])
@pytest.mark.parametrize("name", ["email", "password"])
async def test_a_lone_surrogate_is_refused_by_name(
    http: httpx.AsyncClient, attempt: Attempt, path: str, name: str
) -> None:
    page = await Browser(http).open(attempt.url()) if path == SIGN_IN else await sign_up_page(http, attempt)
    hidden = "&".join(f"{field}={page.fields(path)[field][0]}" for field in ("request", "form_token"))
    typed = {"email": "anna%40example.org", "password": "correct+horse", name: "anna%ED%A0%80"}
    body = f"{hidden}&email={typed['email']}&password={typed['password']}"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = await http.post(path, content=body, headers=headers)
    assert response.status_code == 400
    assert f"The field {name}" in response.text


@pytest.mark.parametrize("wrong", [{"email": "nobody"}, {"password": "short"}], ids=list)
async def test_an_error_is_attached_to_the_field_that_caused_it(
    http: httpx.AsyncClient, attempt: Attempt, email: str, wrong: dict[str, str]
) -> None:
    given = {"email": email, "password": PASSWORD, **wrong}
    refused = await Browser(http).submit(await sign_up_page(http, attempt), SIGN_UP, **given)
    assert [each["name"] for each in refused.soup.select("[aria-describedby=error]")] == list(wrong)


async def test_the_form_keeps_what_was_typed_except_the_password(http: httpx.AsyncClient, attempt: Attempt) -> None:
    page = await sign_up_page(http, attempt)
    page = await Browser(http).submit(page, SIGN_UP, email="<anna>@x", password="hunter2 hunter2", name='"Anna"')
    assert page.fields(SIGN_UP)["email"] == ["<anna>@x"]
    assert page.fields(SIGN_UP)["name"] == ['"Anna"']
    assert "hunter2" not in page.response.text


@pytest.mark.proves("az-csrf")
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost"])
async def test_a_form_from_another_origin_is_refused(
    http: httpx.AsyncClient, attempt: Attempt, email: str, origin: str
) -> None:
    page = await sign_up_page(http, attempt)
    refused = await Browser(http).submit_from(origin, page, SIGN_UP, email=email, password=PASSWORD)
    assert refused.status == 400
    assert "out of date" in refused.text


@pytest.mark.proves("az-login-csrf")
async def test_a_form_of_another_browser_is_refused(
    server: RunningServer, http: httpx.AsyncClient, attempt: Attempt, email: str
) -> None:
    page = await sign_up_page(http, attempt)
    async with server.browser() as victim:
        await Browser(victim).open(attempt.url())
        refused = await Browser(victim).submit(page, SIGN_UP, email=email, password=PASSWORD)
        assert "out of date" in refused.text


@pytest.mark.proves("""az-login-csrf MUST RFC 9700 §4.7; own rule
    Nobody can be signed in to another's account by a planted cookie or form.
    Here: Signing in rotates cookie and request; a form of another browser is refused.""")
@pytest.mark.proves("""ac-session-fixation MUST RFC 9700 §4.7; OWASP
    Signing in and out gives a new cookie, and the old one is worth nothing.
    Here: It does.""")
@pytest.mark.proves("az-request-expires")
async def test_signing_in_changes_cookie_and_request(
    server: RunningServer, http: httpx.AsyncClient, attempt: Attempt, email: str
) -> None:
    page = await sign_up_page(http, attempt)
    planted, request = http.cookies["shopping_session"], page.fields(SIGN_UP)["request"]
    consent = await Browser(http).submit(page, SIGN_UP, email=email, password=PASSWORD)
    assert http.cookies["shopping_session"] != planted
    assert consent.fields("/oauth/consent")["request"] != request
    async with server.browser() as attacker:
        attacker.cookies.set("shopping_session", planted)
        for path in (SIGN_IN, "/oauth/consent"):
            for known in (request, consent.fields("/oauth/consent")["request"]):
                assert "out of date" in (await attacker.get(path, params={"request": known[0]})).text


@pytest.mark.proves("""az-request-expires MUST own rule
    A stored request is valid for ten minutes and in one browser.
    Here: It is bound to the hash of the cookie and ends.""")
async def test_a_sign_up_page_works_for_ten_minutes(
    server: RunningServer, http: httpx.AsyncClient, attempt: Attempt, email: str
) -> None:
    page = await sign_up_page(http, attempt)
    server.clock.move(minutes=10)
    assert "out of date" in (await Browser(http).submit(page, SIGN_UP, email=email, password=PASSWORD)).text


async def test_someone_signed_in_goes_straight_to_consent(
    server: RunningServer, http: httpx.AsyncClient, attempt: Attempt, email: str
) -> None:
    await consent_page(http, server.url, email)
    page = await Browser(http).open(attempt.url())
    assert page.has_form("/oauth/consent")
    server.clock.move(days=14)
    page = await Browser(http).open(attempt.url())
    assert page.has_form(SIGN_IN)


@pytest.mark.parametrize("known", ["", "no-uuid", "00000000-0000-0000-0000-000000000000", "x" * 5000, "\0"])
async def test_an_unknown_request_gets_the_out_of_date_page(
    http: httpx.AsyncClient, attempt: Attempt, known: str
) -> None:
    await Browser(http).open(attempt.url())
    for path in (SIGN_IN, SIGN_UP, "/oauth/consent"):
        response = await http.get(path, params={"request": known})
        assert response.status_code == 400
        assert "out of date" in response.text


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
async def test_another_content_type_is_refused(http: httpx.AsyncClient, kind: str) -> None:
    for path in (SIGN_IN, SIGN_UP, "/oauth/sign-out"):
        response = await http.post(path, content=b"{}", headers={"Content-Type": kind})
        assert response.status_code == 400


@pytest.mark.proves("li-429")
async def test_sign_ins_of_an_address_are_limited(settings: Settings, engine: Engine, email: str) -> None:
    server = await start(settings, engine, rates={SIGN_INS: 2})
    async with server.browser() as http:
        attempt = Attempt((await register(http, server.url))["client_id"], server.url)
        page = await Browser(http).open(attempt.url())
        for number in range(2):
            attempted = await Browser(http).submit(page, SIGN_IN, email=f"{number}.{email}", password="wrong horse")
            assert attempted.status == 400
        refused = await Browser(http).submit(page, SIGN_IN, email=email, password="wrong horse")
        assert refused.status == 429
        assert 1 <= int(refused.response.headers["retry-after"]) <= 60


async def test_a_form_with_our_origin_is_accepted(
    server: RunningServer, http: httpx.AsyncClient, attempt: Attempt, email: str
) -> None:
    page = await sign_up_page(http, attempt)
    ours = server.settings.public_origin
    accepted = await Browser(http).submit_from(ours, page, SIGN_UP, email=email, password=PASSWORD)
    assert accepted.has_form("/oauth/consent")
