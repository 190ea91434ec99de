"""Signing in at an OpenID provider: the way there and back, and attempts to bend it."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text
from starlette.applications import Starlette
from structlog.testing import capture_logs

from app.audit.models import Action
from app.crypto.tokens import hash_of
from app.db import Engine, transaction
from app.households.tables import households
from app.main import create_app
from app.oauth.authorize.endpoint import REQUEST_LIFE
from app.oauth.oidc_login.repository import use_attempt
from app.oauth.tables import upstream_sign_ins
from app.people.tables import people
from app.settings import Settings
from tests.audit.looking import log_of, only, recorded
from tests.db.looking import count
from tests.mcp.client import McpClient
from tests.oauth.browser import Browser, Page, refresh_target
from tests.oauth.tokens import Attempt, code_of, redeem, register, tokens_for
from tests.oidc_provider.issuer import CLIENT_ID, CLIENT_SECRET
from tests.oidc_provider.process import Provider, RemoteControl

pytestmark = [pytest.mark.anyio, pytest.mark.own_app, pytest.mark.processes]

CALLBACK = "/oauth/upstream/callback"


@pytest.fixture
def settings(settings: Settings, issuer: RemoteControl) -> Settings:
    login = {
        "oidc_login_issuer": issuer.identifier,
        "oidc_login_client_id": CLIENT_ID,
        "oidc_login_client_secret": SecretStr(CLIENT_SECRET),
        "oidc_login_name": "the family's <server>",
    }
    return settings.model_copy(update=login)


@pytest.fixture
async def other_http(http: httpx.AsyncClient, settings: Settings) -> AsyncGenerator[httpx.AsyncClient]:
    """Another browser at the same service."""
    transport: Any = http._transport  # pyright: ignore[reportPrivateUsage]
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client:
        yield client


class Traveller:
    """A browser that connects an app and signs in at the provider."""

    def __init__(self, http: httpx.AsyncClient, issuer: RemoteControl) -> None:
        self.http = http
        self.browser = Browser(http)
        self.issuer = issuer

    async def start(self) -> tuple[Attempt, Page]:
        """The sign-in page, for a freshly registered client."""
        base = str(self.http.base_url).rstrip("/")
        attempt = Attempt((await register(self.http, base))["client_id"], base)
        return attempt, await self.browser.open(attempt.url())

    async def leave(self, page: Page) -> str:
        """Press the button; the provider's address that the browser is sent to."""
        return refresh_target(await self.browser.submit(page, "/oauth/upstream"))

    async def to_callback(self) -> str:
        """From the start to where the provider sends the browser back to."""
        _, page = await self.start()
        return self.issuer.sign_in(await self.leave(page))

    async def sign_in(self) -> tuple[Attempt, Page]:
        """From the start to the consent page."""
        attempt, page = await self.start()
        return attempt, await self.browser.open(self.issuer.sign_in(await self.leave(page)))


@pytest.fixture
def ada(http: httpx.AsyncClient, issuer: RemoteControl) -> Traveller:
    issuer.set(user={"sub": "ada", "name": "Ada Lovelace"})
    return Traveller(http, issuer)


def changed(url: str, **changes: str | None) -> str:
    """A URL with other parameters; None leaves one out."""
    parameters = {**dict(parse_qsl(urlsplit(url).query)), **changes}
    return urlsplit(url)._replace(query=urlencode({k: v for k, v in parameters.items() if v is not None})).geturl()


def is_refused(page: Page) -> bool:
    """Whether nobody was signed in: a page says so, and has no consent form."""
    return page.status == 400 and not page.has_form("/oauth/consent")


async def test_a_person_signs_in_at_the_provider_and_connects_an_app(ada: Traveller, http: httpx.AsyncClient) -> None:
    attempt, page = await ada.start()
    cookie_before = http.cookies["shopping_session"]
    assert "Sign in with the family's <server>" in page.text
    consent = await ada.browser.open(ada.issuer.sign_in(await ada.leave(page)))
    assert "Signed in at the family's <server> as Ada Lovelace" in consent.text
    assert http.cookies["shopping_session"] != cookie_before
    code = code_of(await ada.browser.approve(consent))
    tokens = (await redeem(http, attempt, code)).json()
    overview = await McpClient(http, tokens["access_token"]).call("get_overview")
    assert overview["household"]["name"] == "Ada Lovelace's household"
    assert list(http.cookies) == ["shopping_session"]


async def test_the_request_to_the_provider_is_as_openid_connect_says(ada: Traveller, settings: Settings) -> None:
    _, page = await ada.start()
    leaving = await ada.browser.submit(page, "/oauth/upstream")
    target = refresh_target(leaving)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
    assert target.startswith(f"{ada.issuer.identifier}/authorize?")
    assert asked["redirect_uri"] == settings.public_url + CALLBACK
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["scope"] == "openid profile"
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert all(len(asked[name]) >= 43 for name in ("state", "nonce", "code_challenge"))
    assert leaving.response.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in leaving.response.headers["content-security-policy"]
    again = refresh_target(await ada.browser.submit(page, "/oauth/upstream"))
    secrets = {asked[name] for name in ("state", "nonce", "code_challenge")}
    assert not secrets & {value for _, value in parse_qsl(urlsplit(again).query)}


async def test_the_second_sign_in_finds_the_same_person(
    ada: Traveller, other_http: httpx.AsyncClient, engine: Engine
) -> None:
    await ada.sign_in()
    ada.issuer.set(user={"sub": "ada", "name": "Ada King"})
    _, page = await Traveller(other_http, ada.issuer).sign_in()
    assert "as Ada Lovelace" in page.text
    assert await count(engine, people) == await count(engine, households) == 1


async def test_the_person_of_a_sign_in_is_the_person_of_the_issuers_tokens(
    ada: Traveller, http: httpx.AsyncClient, settings: Settings, engine: Engine
) -> None:
    await ada.sign_in()
    token = ada.issuer.sign(ada.issuer.claims(settings.resource, sub="ada"))
    assert (await McpClient(http, token).send("tools/list")).status_code == 200
    assert await count(engine, people) == await count(engine, households) == 1


@pytest.mark.proves("""up-no-email-link MUST own rule; OIDC Core §5.7
    A person from the provider is never linked by e-mail; linking needs the existing credential.
    Here: Identity is issuer and subject; an e-mail address opens no account.""")
async def test_an_email_address_does_not_open_the_account_with_it(
    ada: Traveller, other_http: httpx.AsyncClient, settings: Settings, engine: Engine
) -> None:
    await tokens_for(other_http, settings.public_url, "ada@example.org")
    ada.issuer.set(user={"sub": "ada@example.org", "email": "ada@example.org", "email_verified": True})
    await ada.sign_in()
    assert await count(engine, people) == await count(engine, households) == 2


@pytest.mark.proves("""up-state MUST OIDC Core §3.1.2.1; RFC 9700 §4.7; MCP security_best_practices (OAuth State)
    Sign-in at the provider has a random state, bound to the browser, valid once and for a short time.
    Here: The state works once, in the browser that started the sign-in. It expires with the client's request that is
    waiting for it, or after ten minutes.""")
async def test_a_state_is_no_good_in_another_browser(
    ada: Traveller, other_http: httpx.AsyncClient, engine: Engine
) -> None:
    """Login CSRF: the attacker signs in, and sends the victim the address that finishes it."""
    callback = await ada.to_callback()
    victim = Traveller(other_http, ada.issuer)
    assert is_refused(await victim.browser.open(callback))  # without any cookie
    await victim.start()
    assert is_refused(await victim.browser.open(callback))
    assert await count(engine, people) == 0
    assert (await ada.browser.open(callback)).has_form("/oauth/consent")  # and it was not used up by that


@pytest.mark.proves("up-state")
async def test_a_callback_counts_once(ada: Traveller, http: httpx.AsyncClient, engine: Engine) -> None:
    callback = await ada.to_callback()
    cookie = http.cookies["shopping_session"]
    assert (await ada.browser.open(callback)).has_form("/oauth/consent")
    assert is_refused(await ada.browser.open(callback))
    http.cookies.clear()
    assert is_refused(await Browser(http).open(callback))
    old = {"Cookie": f"shopping_session={cookie}"}
    assert (await http.get(callback, headers=old)).status_code == 400


async def test_a_refused_callback_is_used_up_too(ada: Traveller) -> None:
    callback = await ada.to_callback()
    assert is_refused(await ada.browser.open(changed(callback, code="another")))
    assert is_refused(await ada.browser.open(callback))


@pytest.mark.proves("up-state")
async def test_an_attempt_ends_with_the_request_that_waits(ada: Traveller, engine: Engine) -> None:
    callback = await ada.to_callback()
    state = dict(parse_qsl(urlsplit(callback).query))["state"]
    browser, issuer = hash_of(ada.http.cookies["shopping_session"]), ada.issuer.identifier
    now = datetime.now(UTC)
    async with transaction(engine) as connection:
        assert await use_attempt(connection, hash_of(state), browser, issuer, now + REQUEST_LIFE) is None
        assert await use_attempt(connection, hash_of(state), browser, "https://other.example", now) is None
        assert await use_attempt(connection, hash_of(state), browser, issuer, now) is not None


@pytest.mark.proves("""up-confused-deputy MUST MCP security-considerations (Confused Deputy);
    MCP security_best_practices (Confused Deputy)
    Our consent is asked for each client although the person has already consented at the provider.
    Here: Consent is asked for each app, whatever the provider remembers.""")
async def test_each_app_is_asked_for_although_the_provider_asks_nobody(ada: Traveller) -> None:
    """Confused deputy: the second app gets nothing by the sign-in of the first."""
    _, page = await ada.sign_in()
    await ada.browser.approve(page)
    _, page = await ada.start()
    assert page.has_form("/oauth/consent")


@pytest.mark.proves("""up-pkce MUST RFC 9700 §2.1.1
    Sign-in at the provider uses PKCE.
    Here: PKCE with S256 is always used.""")
async def test_the_code_of_another_attempt_is_refused(
    ada: Traveller, other_http: httpx.AsyncClient, engine: Engine
) -> None:
    """Code injection: the code verifier belongs to the attempt (RFC 9700 section 4.5)."""
    theirs = dict(parse_qsl(urlsplit(await Traveller(other_http, ada.issuer).to_callback()).query))
    page = await ada.browser.open(changed(await ada.to_callback(), code=theirs["code"]))
    assert is_refused(page)
    assert await count(engine, people) == 0


@pytest.mark.proves("""up-mix-up MUST RFC 9207 §2.4; RFC 9700 §4.4.2
    An answer is taken only from the provider that was asked, by `iss` or by an address of its own.
    Here: `iss` is compared, and the callback belongs to one provider.""")
@pytest.mark.parametrize("iss", ["https://other.example", None, "", "twice"])
async def test_only_the_provider_that_was_asked_may_answer(ada: Traveller, provider: Provider, iss: str | None) -> None:
    """Mix-up (RFC 9207): this provider says that it always sends `iss`."""
    callback = await ada.to_callback()
    bad = f"{callback}&iss=https://other.example" if iss == "twice" else changed(callback, iss=iss)
    assert is_refused(await ada.browser.open(bad))


async def test_a_provider_that_does_not_send_iss_needs_none(ada: Traveller) -> None:
    ada.issuer.set(metadata={"authorization_response_iss_parameter_supported": False})
    assert (await ada.browser.open(changed(await ada.to_callback(), iss=None))).has_form("/oauth/consent")


@pytest.mark.proves("""up-nonce MUST OIDC Core §3.1.3.7, §15.5.2; RFC 9700 §4.5.3.2
    The ID token's nonce is the one of this attempt.
    Here: The nonce is made of the state and compared.""")
@pytest.mark.proves("""up-id-token MUST OIDC Core §3.1.3.7
    The ID token's issuer, audience, azp, signature, algorithm, exp and iat are checked.
    Here: Signature, issuer, audience and times are checked.""")
@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://other.example"},
        {"iss": None},
        {"aud": "another-client"},
        {"aud": ["another-client"], "azp": CLIENT_ID},
        {"aud": [CLIENT_ID, "another-client"], "azp": "another-client"},
        {"aud": None},
        {"exp": 1},
        {"exp": None},
        {"iat": 4_000_000_000},
        {"nbf": 4_000_000_000},
        {"sub": None},
        {"sub": ""},
        {"sub": "a\x00b"},
        {"sub": "a" * 300},
        {"at_hash": "bm90IGl0"},
    ],
)
async def test_an_id_token_that_fails_a_check_signs_nobody_in(
    ada: Traveller, engine: Engine, claims: dict[str, Any]
) -> None:
    ada.issuer.set(id_token=claims)
    page = await ada.browser.open(await ada.to_callback())
    assert is_refused(page)
    assert "Nothing was changed" in page.text
    assert await count(engine, people) == 0
    ada.issuer.set(id_token={})
    again = await ada.browser.open(page.link("/oauth/sign-in"))
    assert (await ada.browser.open(ada.issuer.sign_in(await ada.leave(again)))).has_form("/oauth/consent")


@pytest.mark.proves("up-id-token")
async def test_an_id_token_must_be_signed_by_a_published_key(ada: Traveller, provider: Provider) -> None:
    other = provider.issuer()
    for answer in (
        {"id_token": other.sign(ada.issuer.claims(CLIENT_ID))},
        {"id_token": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ."},
        {"id_token": "no token"},
        {"id_token": 7},
        {"id_token": None},
    ):
        ada.issuer.set(token_answer=answer)
        assert is_refused(await ada.browser.open(await ada.to_callback())), answer
    ada.issuer.set(token_answer={}, jwks=other.keys())
    assert is_refused(await ada.browser.open(await ada.to_callback()))


async def test_a_rotated_key_and_rs256_will_do(ada: Traveller, other_http: httpx.AsyncClient) -> None:
    await ada.sign_in()
    ada.issuer.rotate()
    ada.issuer.set(algorithm="RS256")
    _, page = await Traveller(other_http, ada.issuer).sign_in()
    assert page.has_form("/oauth/consent")


async def test_a_no_at_the_provider_leads_back_to_the_sign_in_page(ada: Traveller) -> None:
    callback = changed(await ada.to_callback(), code=None, error="access_denied", error_description="<b>no</b>")
    page = await ada.browser.open(callback)
    assert is_refused(page)
    assert "<b>no" not in page.response.text
    assert (await ada.browser.open(page.link("/oauth/sign-in"))).has_form("/oauth/upstream")


async def test_the_log_says_why_an_answer_was_refused(ada: Traveller) -> None:
    with capture_logs() as log:
        for change in ({"error": "invalid_scope"}, {"error": "a text of somebody"}, {"iss": None}, {"code": None}):
            assert is_refused(await ada.browser.open(changed(await ada.to_callback(), **change)))
        for answer in ({"error": "invalid_client"}, {"error": 7}, {"id_token": "no token"}):
            ada.issuer.set(token_answer=answer)
            assert is_refused(await ada.browser.open(await ada.to_callback()))
        ada.issuer.set(token_answer={})
        for claims in ({"aud": "another-client"}, {"iss": "https://other.example"}, {"sub": None}):
            ada.issuer.set(id_token=claims)
            assert is_refused(await ada.browser.open(await ada.to_callback()))
    lines = [line for line in log if line["event"] == "sign-in provider's answer refused"]
    assert [line["reason"] for line in lines if line["answer"] == "redirect"] == [
        "invalid_scope",
        "other",
        "iss",
        "code",
    ]
    reasons = [line["reason"] for line in lines if line["answer"] == "token"]
    assert reasons == ["invalid_client", "other", "DecodeError", "aud", "iss", "sub"]


async def test_a_provider_that_is_away_is_503_and_leaves_a_row(ada: Traveller, app: Starlette, engine: Engine) -> None:
    ada.issuer.set(away=True)
    _, page = await ada.start()
    answer = await ada.browser.submit(page, "/oauth/upstream")
    assert answer.status == 503
    assert int(answer.response.headers["retry-after"]) > 0
    assert "the family's <server> can't be reached right now." in answer.text
    assert answer.soup.select("main a[href='']")
    again = await ada.browser.open(str(answer.response.url))
    assert again.has_form("/oauth/sign-in")  # a password will do meanwhile
    (row,) = await recorded(engine, log_of(app), Action.SIGN_IN)
    assert only(row, "outcome", "detail", "address") == ("unavailable", "upstream", "127.0.0.1")


async def test_the_way_out_needs_our_own_form(
    ada: Traveller, other_http: httpx.AsyncClient, engine: Engine, settings: Settings
) -> None:
    _, page = await ada.start()
    fields = {name: values[0] for name, values in page.fields("/oauth/upstream").items()}
    for change in ({"form_token": ""}, {"form_token": "0" * 64}, {"request": "00000000-0000-0000-0000-000000000000"}):
        assert is_refused(await ada.browser.submit(page, "/oauth/upstream", **change))
    assert is_refused(await ada.browser.submit_from("https://attacker.example", page, "/oauth/upstream"))
    stolen = await other_http.post("/oauth/upstream", data=fields)
    assert stolen.status_code == 400
    sign_in_token = page.fields("/oauth/sign-in")["form_token"][0]
    assert is_refused(await ada.browser.submit(page, "/oauth/upstream", form_token=sign_in_token))
    assert await count(engine, upstream_sign_ins) == 0


@pytest.mark.parametrize(
    "query", ["", "state=", "state=a&state=b", "state=%00", "state=%ff", "code=a", "state=" + "a" * 9000]
)
async def test_broken_callbacks_are_refused(ada: Traveller, query: str) -> None:
    await ada.start()
    assert is_refused(await ada.browser.open(f"{CALLBACK}?{query}"))


async def test_nothing_of_an_attempt_is_stored_in_the_clear(ada: Traveller, engine: Engine) -> None:
    _, page = await ada.start()
    asked = dict(parse_qsl(urlsplit(await ada.leave(page)).query))
    async with transaction(engine) as connection:
        (row,) = await connection.execute(text("SELECT u::text AS stored FROM upstream_sign_ins AS u"))
    for secret in ("state", "nonce", "code_challenge"):
        assert asked[secret] not in row.stored
        assert asked[secret].encode().hex() not in row.stored


async def test_without_a_provider_there_is_no_button_and_no_way(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"oidc_login_issuer": ""}))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=settings.public_url) as http,
    ):
        attempt = Attempt((await register(http, settings.public_url))["client_id"], settings.public_url)
        page = await Browser(http).open(attempt.url())
        assert page.has_form("/oauth/sign-in")
        assert not page.has_form("/oauth/upstream")
        assert (await http.get(CALLBACK)).status_code == 404
