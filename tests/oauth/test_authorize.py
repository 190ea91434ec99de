"""The authorization endpoint."""

from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from sqlalchemy import select, update

from app.db import transaction
from app.oauth.tables import authorization_requests, clients
from tests.oauth.browser import Browser
from tests.oauth.conftest import RunningServer
from tests.oauth.tokens import Attempt, approved_code, code_of, consent_page, redeem, register

pytestmark = pytest.mark.anyio

FAULTS: list[tuple[dict[str, str | None], str]] = [
    ({"response_type": None}, "unsupported_response_type"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "code id_token"}, "unsupported_response_type"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"code_challenge": None}, "invalid_request"),
    ({"code_challenge": "short"}, "invalid_request"),
    ({"code_challenge": "x" * 44}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge_method": "s256"}, "invalid_request"),
    ({"resource": "https://other.example/mcp"}, "invalid_target"),
    ({"resource": "not a uri"}, "invalid_target"),
    ({"resource": "http://[broken"}, "invalid_target"),
    ({"resource": "{url}/mcp#"}, "invalid_target"),
    ({"resource": "{url}/mcp?"}, "invalid_target"),
    ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
    ({"request_uri": "https://evil.example/request"}, "request_uri_not_supported"),
    ({"state": "a\0b"}, "invalid_request"),
    ({"state": "s" * 8193}, "invalid_request"),
    ({"client_id": "app_unknown"}, "invalid_request"),
    ({"client_id": None}, "invalid_request"),
    ({"client_id": "a\0b"}, "invalid_request"),
    ({"redirect_uri": "https://evil.example/cb"}, "invalid_request"),
]


@pytest.fixture
async def attempt(server: RunningServer, http: httpx.AsyncClient) -> Attempt:
    return Attempt((await register(http, server.url))["client_id"], server.url)


@pytest.mark.proves("""az-response-type MUST OAuth 2.1 §4.1.1; RFC 9700 §2.1.2
    Only the code flow is offered.
    Here: Another response_type is unsupported_response_type.""")
@pytest.mark.proves("""az-pkce-required MUST OAuth 2.1 §4.1.1, §7.5; RFC 9700 §2.1.1; RFC 7636 §4.4.1
    A request without a code challenge is refused.
    Here: It is invalid_request for every client.""")
@pytest.mark.proves("""az-pkce-no-plain MUST RFC 7636 §4.2, §7.2; RFC 9700 §2.1.1, §4.8.2
    The weaker challenge method can't be chosen.
    Here: Only S256 is accepted; absent, plain or a wrong case is invalid_request.""")
@pytest.mark.proves("""az-bad-redirect-stays MUST OAuth 2.1 §4.1.2.1, §7.12.2; RFC 9700 §4.11.2
    With a bad client or redirect address the browser is not sent anywhere.
    Here: The fault is shown on our page.""")
@pytest.mark.proves("""cd-downgrade MUST RFC 9700 §4.8.2; OAuth 2.1 §4.1.3
    A code without a challenge can't be redeemed.
    Here: No code is made without one, because the request is refused before.""")
@pytest.mark.proves("az-resource")
@pytest.mark.parametrize(("changes", "error"), FAULTS, ids=str)
async def test_an_error_before_consent_is_shown_on_our_own_page(
    http: httpx.AsyncClient, attempt: Attempt, changes: dict[str, str | None], error: str
) -> None:
    changes = {name: value and value.replace("{url}", attempt.base_url) for name, value in changes.items()}
    page = await Browser(http).open(attempt.url(**changes))
    assert page.status == 400
    assert page.elsewhere is None
    assert error in page.text


@pytest.mark.proves("""az-repeated MUST OAuth 2.1 §3.1
    A repeated parameter makes the request invalid.
    Here: It is refused as invalid_request at both endpoints, a second resource as invalid_target.""")
@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "state", "scope", "code_challenge", "response_type"])
async def test_a_repeated_parameter_is_refused(http: httpx.AsyncClient, attempt: Attempt, name: str) -> None:
    repeated = urlencode({name: attempt.parameters(scope="lists:read")[name]})
    page = await Browser(http).open(f"{attempt.url(scope='lists:read')}&{repeated}")
    assert page.status == 400
    assert "invalid_request" in page.text


@pytest.mark.proves("""az-resource MUST RFC 8707 §2, §2.1; MCP authorization (Resource Parameter)
    A resource that is not ours is invalid_target.
    Here: Only /mcp and /mcp/readonly are accepted, two are refused, none means /mcp.""")
async def test_two_resources_are_an_invalid_target(http: httpx.AsyncClient, attempt: Attempt) -> None:
    page = await Browser(http).open(f"{attempt.url()}&resource=https%3A%2F%2Fother.example")
    assert page.status == 400
    assert "invalid_target" in page.text


@pytest.mark.parametrize("query", ["%FF=%FF", "state=%ED%A0%80", "&".join(["a=1"] * 101), "%00=1", "\xff=1"])
async def test_a_broken_query_is_refused(http: httpx.AsyncClient, query: str) -> None:
    response = await http.get(f"/oauth/authorize?{query}")
    assert response.status_code == 400


@pytest.mark.proves("""az-output-escaped MUST OAuth 2.1 §7.11
    What clients and people sent is escaped on pages.
    Here: Templates escape everything, and names are stripped of invisible characters.""")
async def test_what_was_sent_is_shown_escaped(http: httpx.AsyncClient, attempt: Attempt) -> None:
    response = await http.get(attempt.url(scope="<script>alert(1)</script>"))
    assert "<script" not in response.text


@pytest.mark.proves("az-error-no-open-redirect", "az-iss")
async def test_a_preregistered_client_is_sent_its_error(server: RunningServer, http: httpx.AsyncClient) -> None:
    redirect_uri = "https://client.example/cb?iss=https%3A%2F%2Fevil.example"
    client = await register(http, server.url, redirect_uris=[redirect_uri])
    async with transaction(server.engine) as connection:
        ours = clients.c.id == client["client_id"]
        await connection.execute(update(clients).where(ours).values(kind="preregistered"))
    attempt = Attempt(client["client_id"], server.url, redirect_uri=redirect_uri)
    page = await Browser(http).open(attempt.url(response_mode="fragment"))
    assert page.elsewhere is not None
    answer = parse_qs(urlsplit(page.elsewhere).query)
    assert answer["error"] == ["invalid_request"]
    assert answer["state"] == [attempt.state]
    assert answer["iss"] == [server.url]
    assert "code" not in answer


@pytest.mark.proves("""az-error-no-open-redirect SHOULD MCP security-considerations (Open Redirection);
    OAuth 2.1 §7.12.2; RFC 9700 §4.11.2
    The browser is sent on automatically only to addresses that are trusted.
    Here: Before consent an error travels only for pre-registered clients, and for clients that this very person
    approved before.""")
async def test_only_a_person_who_approved_a_client_is_redirected_to_it_with_an_error(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    attempt, _ = await approved_code(http, server.url, email)
    approver = await Browser(http).open(attempt.url(response_mode="fragment"))
    assert approver.elsewhere is not None
    assert approver.elsewhere.startswith(attempt.redirect_uri)
    async with server.browser() as someone_else:
        for is_signed_in in (False, True):
            if is_signed_in:
                await Browser(someone_else).sign_up(attempt.url(), f"eve.{email}")
            stranger = await Browser(someone_else).open(attempt.url(response_mode="fragment"))
            assert (stranger.elsewhere, stranger.status) == (None, 400), is_signed_in


async def test_an_approval_that_has_ended_opens_no_redirect(
    server: RunningServer, http: httpx.AsyncClient, email: str
) -> None:
    attempt, _ = await approved_code(http, server.url, email, duration="day")
    assert (await Browser(http).open(attempt.url(response_mode="fragment"))).elsewhere is not None
    server.clock.move(days=1)
    page = await Browser(http).open(attempt.url(response_mode="fragment"))
    assert (page.elsewhere, page.status) == (None, 400)


@pytest.mark.proves("""az-resource-case SHOULD MCP authorization (Canonical Server URI)
    Upper case in scheme and host, and a trailing slash, are tolerated; the canonical form is emitted.
    Here: They are folded before the comparison.""")
@pytest.mark.proves("az-resource")
@pytest.mark.parametrize("resource", [None, "{url}/mcp", "{url}/mcp/", "HTTP://LOCALHOST:{port}/mcp"])
async def test_the_resource_is_accepted_as_hosts_write_it(
    server: RunningServer, http: httpx.AsyncClient, attempt: Attempt, email: str, resource: str | None
) -> None:
    sent = resource and resource.format(url=server.url, port=server.settings.port)
    browser = Browser(http)
    code = code_of(await browser.approve(await browser.sign_up(attempt.url(resource=sent), email)))
    assert (await redeem(http, attempt, code, resource=sent)).status_code == 200


async def test_a_client_with_one_address_may_leave_it_out(
    http: httpx.AsyncClient, attempt: Attempt, email: str
) -> None:
    browser = Browser(http)
    location = await browser.approve(await browser.sign_up(attempt.url(redirect_uri=None), email))
    assert location.startswith(attempt.redirect_uri)
    assert (await redeem(http, attempt, code_of(location), redirect_uri=None)).status_code == 200


@pytest.mark.proves("""az-redirect-several MUST OAuth 2.1 §2.3.2
    With several registered addresses the request must name one.
    Here: Without one it is refused on our page.""")
async def test_a_client_with_several_addresses_must_name_one(server: RunningServer, http: httpx.AsyncClient) -> None:
    client = await register(http, server.url, redirect_uris=["https://a.example/cb", "https://b.example/cb"])
    page = await Browser(http).open(Attempt(client["client_id"], server.url).url(redirect_uri=None))
    assert page.status == 400


@pytest.mark.proves("""az-state MUST OAuth 2.1 §4.1.2
    `state` comes back exactly as it was sent.
    Here: It is stored with the request and returned unchanged.""")
async def test_state_comes_back_as_it_was_sent(server: RunningServer, http: httpx.AsyncClient, email: str) -> None:
    client = await register(http, server.url)
    state = "a b+c&d=é%20\"'<>/?#" + "x" * 4000
    attempt = Attempt(client["client_id"], server.url, state=state)
    browser = Browser(http)
    answer = parse_qs(urlsplit(await browser.approve(await browser.sign_up(attempt.url(), email))).query)
    assert answer["state"] == [state]
    assert answer["iss"] == [server.url]


async def test_without_state_none_comes_back(server: RunningServer, http: httpx.AsyncClient, email: str) -> None:
    _, page = await consent_page(http, server.url, email, state=None)
    answer = parse_qs(urlsplit(await Browser(http).approve(page)).query)
    assert answer.keys() == {"code", "iss"}


async def test_a_request_is_stored_without_the_cookie_that_it_is_bound_to(
    server: RunningServer, http: httpx.AsyncClient, attempt: Attempt
) -> None:
    await Browser(http).open(attempt.url())
    cookie = http.cookies["shopping_session"]
    async with transaction(server.engine) as connection:
        row = (await connection.execute(select(authorization_requests))).one()
    assert cookie not in str(row)


@pytest.mark.proves("""az-303 MUST OAuth 2.1 §7.5.4; RFC 9700 §2.1, §4.12
    A request with credentials is never redirected with 307.
    Here: All redirects are 303, and the code page is no redirect.""")
async def test_the_answer_to_a_request_is_never_cached(http: httpx.AsyncClient, attempt: Attempt) -> None:
    response = await http.get(attempt.url())
    assert response.status_code == 303
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["location"].startswith("/oauth/sign-in?request=")
