"""Clients whose id is the address of a document."""

from collections.abc import Mapping
from functools import partial
from math import inf, nan
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx
import pytest
from sqlalchemy import select

from app.db import Engine, transaction
from app.fetch.fetcher import STRANGERS, Fetcher
from app.limits.defaults import DOCUMENTS_FOR_NETWORK, DOCUMENTS_FOR_PERSON
from app.limits.rate_limit import RateLimit
from app.oauth.tables import clients, grants
from app.settings import Settings
from tests.oauth.browser import Browser, Page
from tests.oauth.conftest import RunningServer, start
from tests.oauth.described import PATH, publish
from tests.oauth.signing import Signer
from tests.oauth.tokens import REDIRECT_URI, Attempt, code_of, redeem, refresh
from tests.site import Answer, Authority, SilentNames, Site, seen

pytestmark = pytest.mark.anyio

UNUSABLE = "The document at the client_id can not be used."


@pytest.fixture
async def server(settings: Settings, engine: Engine, fetcher: Fetcher) -> RunningServer:
    return await start(settings, engine, fetcher)


async def consent(http: httpx.AsyncClient, server: RunningServer, client_id: str, email: str) -> Page:
    return await Browser(http).sign_up(Attempt(client_id, server.url).url(), email)


async def again(http: httpx.AsyncClient, server: RunningServer, client_id: str) -> Page:
    """The next request of the same browser, which is signed in."""
    return await Browser(http).open(Attempt(client_id, server.url).url())


async def connected(
    http: httpx.AsyncClient, server: RunningServer, client_id: str, email: str
) -> tuple[Attempt, dict[str, Any]]:
    attempt = Attempt(client_id, server.url)
    browser = Browser(http)
    code = code_of(await browser.approve(await browser.sign_up(attempt.url(), email)))
    response = await redeem(http, attempt, code)
    assert response.status_code == 200, response.text
    return attempt, response.json()


# The way of a client


@pytest.mark.proves("""cn-client-id-host SHOULD CIMD §6.4
    The page shows the host of a client id that is an address.
    Here: The page shows the host of the document's address.""")
@pytest.mark.proves("""ci-support SHOULD MCP authorization (Overview); MCP client-registration
    Client ids that are https addresses are supported.
    Here: Such a client needs no registration.""")
async def test_a_client_with_a_document_gets_tokens_and_the_page_says_whose_it_is(
    server: RunningServer, http: httpx.AsyncClient, site: Site, email: str
) -> None:
    client_id = publish(site)
    attempt = Attempt(client_id, server.url)
    page = await Browser(http).sign_up(attempt.url(), email)
    assert page.title == "Connect A described client?"
    for shown in (client_id, "localhost", "localhost:49152"):
        assert shown in page.text
    code = code_of(await Browser(http).approve(page))
    async with transaction(server.engine) as connection:
        grant = (await connection.execute(select(grants.c.client_id, grants.c.client))).one()
    assert grant.client_id == client_id
    assert (grant.client["name"], grant.client["kind"]) == ("A described client", "document")
    assert (await redeem(http, attempt, code)).status_code == 200


@pytest.mark.proves("""tk-unknown-client-401 MUST own rule
    An unknown client, also one named by an address, is 401 invalid_client and fetches nothing.
    Here: Clients are only looked up in the database.""")
@pytest.mark.proves("""ci-after-sign-in MUST own rule
    Documents are fetched only after a person signed in, once at a time, and within limits for a host.
    Here: A document is fetched after the sign-in, and never by the token endpoint; once for all who want it, and
    limited by person, requester and host; few people and networks leave the others room at a host.""")
async def test_a_document_is_fetched_after_the_sign_in_and_never_by_the_token_endpoint(
    server: RunningServer, http: httpx.AsyncClient, site: Site, email: str
) -> None:
    client_id = publish(site)
    attempt = Attempt(client_id, server.url)
    browser = Browser(http)
    sign_in = await browser.open(attempt.url())
    assert sign_in.title == "Sign in"
    assert "to connect localhost" in sign_in.text
    unknown = await http.post("/oauth/token", data=attempt.redemption("slc_x"))
    assert (unknown.status_code, unknown.json()["error"]) == (401, "invalid_client")
    assert site.seen == []
    location = await browser.approve(await browser.sign_up(attempt.url(), email))
    assert (await redeem(http, attempt, code_of(location))).status_code == 200
    assert site.asked(PATH) == 1


async def test_the_token_endpoint_works_while_the_document_is_away(
    server: RunningServer, http: httpx.AsyncClient, site: Site, email: str
) -> None:
    client_id = publish(site)
    _, tokens = await connected(http, server, client_id, email)
    site.answers.clear()
    server.clock.move(days=2)
    assert (await again(http, server, client_id)).status == 400
    asked = site.asked(PATH)
    renewed = await refresh(http, server.url, client_id, tokens["refresh_token"])
    assert renewed.status_code == 200
    assert site.asked(PATH) == asked


@pytest.mark.proves("""ci-redirects MUST CIMD §4.5; MCP client-registration
    The redirect address of a request is one of the document's.
    Here: The redirect address must stand in the document.""")
async def test_a_document_needs_the_address_that_it_names(
    server: RunningServer, http: httpx.AsyncClient, site: Site, email: str
) -> None:
    client_id = publish(site, redirect_uris=["https://app.example/callback"])
    page = await consent(http, server, client_id, email)
    assert page.status == 400
    assert "not with this return address" in page.text
    assert page.elsewhere is None


async def test_ports_of_this_device_are_ignored_in_documents_too(
    server: RunningServer, http: httpx.AsyncClient, site: Site, email: str
) -> None:
    client_id = publish(site, redirect_uris=["http://localhost/callback", "http://127.0.0.1/callback"])
    assert (await consent(http, server, client_id, email)).title == "Connect A described client?"


async def test_what_is_not_accepted_here_is_passed_over(
    server: RunningServer, http: httpx.AsyncClient, site: Site, email: str
) -> None:
    elsewhere = ["com.example.app:/callback", "http://evil.example/cb", "https://app.example/a/../b"]
    client_id = publish(site, redirect_uris=[*elsewhere, REDIRECT_URI])
    assert (await consent(http, server, client_id, email)).status == 200
    for uri in elsewhere:
        page = await Browser(http).open(Attempt(client_id, server.url, redirect_uri=uri).url())
        assert (page.status, page.elsewhere) == (400, None)


# What a document must be


@pytest.mark.proves("""ci-client-id-equal MUST CIMD §4.1; MCP client-registration
    The document's client_id equals its address, byte for byte.
    Here: A document that names another address connects nothing.""")
@pytest.mark.proves("""ci-required-fields MUST CIMD §4.1; MCP client-registration
    The document is valid JSON with client_id, client_name and redirect_uris.
    Here: A document without them connects nothing.""")
@pytest.mark.proves("""ci-no-secrets MUST CIMD §4.1, §6.2
    A document holds no secret and no method that uses one.
    Here: A document with a secret, or a method that needs one, connects nothing.""")
@pytest.mark.proves("ci-no-cache-errors")
@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"client_id": "https://localhost/oauth/client.json"}, UNUSABLE),
        ({"client_id": None}, UNUSABLE),
        ({"client_id": 7}, UNUSABLE),
        ({"client_name": None}, "client_name is missing"),
        ({"client_name": "a\0b"}, "client_name must be printable"),
        ({"client_name": ["a"]}, "client_name is missing, too long or of the wrong type"),
        ({"redirect_uris": None}, "redirect_uris is missing"),
        ({"redirect_uris": []}, "redirect_uris is missing"),
        ({"redirect_uris": ["http://evil.example/cb"]}, "None of the redirect_uris is accepted here."),
        ({"client_secret": "s"}, "The document holds a client_secret."),
        ({"client_secret_expires_at": 0}, "The document holds a client_secret."),
        ({"token_endpoint_auth_method": "client_secret_basic"}, "must be none or private_key_jwt"),
        ({"token_endpoint_auth_method": "client_secret_post"}, "must be none or private_key_jwt"),
        ({"token_endpoint_auth_method": "client_secret_jwt"}, "token_endpoint_auth_method must be one of"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "private_key_jwt needs either jwks or jwks_uri"),
        ({"grant_types": ["client_credentials"]}, "Only the authorization code flow"),
    ],
    ids=str,
)
async def test_a_bad_document_connects_nothing(
    server: RunningServer, http: httpx.AsyncClient, site: Site, email: str, members: dict[str, Any], said: str
) -> None:
    publish(site, **members)
    page = await consent(http, server, site.url(PATH), email)
    assert page.status == 400
    assert said in page.text
    async with transaction(server.engine) as connection:
        assert (await connection.execute(select(clients))).all() == []


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"<html>", b"\xff", b"[" * 5000, b'{"client_id": "\\ud800"}'])
async def test_what_is_no_json_object_connects_nothing(
    server: RunningServer, http: httpx.AsyncClient, site: Site, email: str, body: bytes
) -> None:
    site.answers[PATH] = Answer(body)
    page = await consent(http, server, site.url(PATH), email)
    assert page.status == 400
    assert UNUSABLE in page.text


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json; charset=utf-8", 200),
        ("application/oauth-client+json", 200),
        ("Application/JSON", 200),
        ("text/html", 400),
        ("text/plain", 400),
        ("application/jsonp", 400),
        ("image/svg+json", 400),
        ("", 400),
    ],
)
async def test_a_document_is_json_by_its_content_type_too(
    server: RunningServer, http: httpx.AsyncClient, site: Site, email: str, kind: str, status: int
) -> None:
    client_id = publish(site, headers={"Content-Type": kind})
    page = await consent(http, server, client_id, email)
    assert page.status == status
    assert (UNUSABLE in page.text) == (status == 400)


@pytest.mark.proves("""ci-logo SHOULD CIMD §6.7
    A logo is shown only from a copy that the service keeps.
    Here: No logo is fetched or shown.""")
async def test_a_logo_is_neither_fetched_nor_shown(
    server: RunningServer, http: httpx.AsyncClient, site: Site, email: str
) -> None:
    client_id = publish(site, logo_uri=site.url("/logo.png"))
    page = await consent(http, server, client_id, email)
    assert page.status == 200
    assert "logo.png" not in page.response.text
    assert [path for _, path, _, _ in site.seen] == [PATH]


async def test_of_the_keys_in_a_document_only_what_is_read_is_kept(
    server: RunningServer, http: httpx.AsyncClient, site: Site, email: str
) -> None:
    keys = Signer("", "").jwks()
    (key,) = keys["keys"]
    described: dict[str, Any] = {"token_endpoint_auth_method": "private_key_jwt", "extra": nan}
    publish(site, **described, jwks={"keys": [{**key, "x5u": nan}], "extra": inf})
    assert (await consent(http, server, site.url(PATH), email)).status == 200
    async with transaction(server.engine) as connection:
        assert (await connection.execute(select(clients.c.jwks))).scalar_one() == keys


# How long it is kept


@pytest.mark.proves("""ci-cache-headers SHOULD CIMD §4.4; MCP client-registration
    Documents are cached as their HTTP headers say, within the service's own bounds.
    Here: A document is kept as its headers say, for five minutes at least and a day at most.""")
@pytest.mark.parametrize(
    ("headers", "minutes"),
    [
        ({}, 5),
        ({"Cache-Control": "no-store"}, 5),
        ({"Cache-Control": "max-age=10"}, 5),
        ({"Cache-Control": "max-age=3600"}, 60),
        ({"Cache-Control": "max-age=31536000"}, 24 * 60),
    ],
    ids=str,
)
async def test_a_document_is_kept_as_its_site_says_between_five_minutes_and_a_day(
    server: RunningServer, http: httpx.AsyncClient, site: Site, email: str, headers: dict[str, str], minutes: int
) -> None:
    client_id = publish(site, headers=headers)
    await consent(http, server, client_id, email)
    server.clock.move(minutes=minutes, seconds=-1)
    await again(http, server, client_id)
    assert site.asked(PATH) == 1
    publish(site, client_name="Renamed")
    server.clock.move(seconds=1)
    assert (await again(http, server, client_id)).title == "Connect Renamed?"
    assert site.asked(PATH) == 2


async def test_while_a_site_is_down_its_old_document_serves_for_a_day(
    server: RunningServer, http: httpx.AsyncClient, site: Site, email: str
) -> None:
    client_id = publish(site)
    await consent(http, server, client_id, email)
    site.answers[PATH] = Answer(status=503)
    server.clock.move(minutes=5, hours=24, seconds=-1)
    assert (await again(http, server, client_id)).title == "Connect A described client?"
    server.clock.move(seconds=1)
    assert UNUSABLE in (await again(http, server, client_id)).text


@pytest.mark.proves("ci-fetch-fails", "ci-no-cache-errors")
async def test_a_document_whose_site_refuses_serves_on_and_counts_for_who_asks(
    settings: Settings, engine: Engine, fetcher: Fetcher, site: Site, email: str
) -> None:
    is_on = settings.model_copy(update={"limits": True})
    server = await start(is_on, engine, fetcher, rates={DOCUMENTS_FOR_NETWORK: 1})
    async with server.browser() as http:
        client_id = publish(site)
        await consent(http, server, client_id, email)
        site.answers[PATH] = Answer(status=429)
        server.clock.move(minutes=6)
        for _ in range(2):
            assert (await again(http, server, client_id)).title == "Connect A described client?"
        assert site.asked(PATH) == 2  # the second time the limit held


@pytest.mark.proves("""ci-no-cache-errors MUST CIMD §4.4
    Errors and invalid documents are not cached.
    Here: A bad document is not kept, and the good one before it serves no more. An answer that says nothing of the
    document (401, 403, 407, 408, 425, 429, 5xx) is not kept either, and leaves the good one for a day.""")
@pytest.mark.proves("ci-fetch-fails")
@pytest.mark.parametrize(
    "answer",
    [Answer(status=404), Answer(status=410), Answer(status=302), Answer(b"{}"), Answer(b"a" * 6000)],
    ids=lambda answer: str(answer.status),
)
async def test_a_document_that_is_gone_or_invalid_is_no_longer_used(
    server: RunningServer, http: httpx.AsyncClient, site: Site, email: str, answer: Answer
) -> None:
    client_id = publish(site)
    before = await consent(http, server, client_id, email)
    site.answers[PATH] = answer
    server.clock.move(minutes=6)
    assert UNUSABLE in (await again(http, server, client_id)).text
    site.answers[PATH] = Answer(status=503)
    assert UNUSABLE in (await again(http, server, client_id)).text
    late = await Browser(http).submit(before, "/oauth/consent", decision="approve")
    assert late.status == 400


async def test_a_changed_document_takes_back_an_address_before_the_answer(
    server: RunningServer, http: httpx.AsyncClient, site: Site, email: str
) -> None:
    client_id = publish(site)
    before = await consent(http, server, client_id, email)
    publish(site, redirect_uris=["https://app.example/callback"])
    server.clock.move(minutes=6)
    await again(http, server, client_id)
    late = await Browser(http).submit(before, "/oauth/consent", decision="approve")
    assert late.status == 400
    assert "not with this return address" in late.text


@pytest.mark.proves("ci-after-sign-in")
async def test_many_at_once_fetch_a_document_once(
    server: RunningServer, http: httpx.AsyncClient, site: Site, email: str
) -> None:
    client_id = publish(site)
    titles: list[str] = []
    urls: list[str] = []
    await consent(http, server, client_id, email)
    server.clock.move(minutes=6)
    for _ in range(8):
        opened = await http.get(Attempt(client_id, server.url).url())
        urls.append(opened.headers["location"])

    async def one(url: str) -> None:
        titles.append((await Browser(http).open(url)).title)

    async with anyio.create_task_group() as tasks:
        for url in urls:
            tasks.start_soon(one, url)
    assert titles == ["Connect A described client?"] * 8
    assert site.asked(PATH) == 2


@pytest.mark.proves("ci-after-sign-in")
@pytest.mark.parametrize("rates", [{DOCUMENTS_FOR_PERSON: 3}, {DOCUMENTS_FOR_NETWORK: 3}], ids=["person", "requester"])
async def test_new_documents_are_limited_by_person_and_requester_and_known_ones_are_not(
    settings: Settings,
    engine: Engine,
    fetcher: Fetcher,
    site: Site,
    email: str,
    rates: Mapping[RateLimit, int],
) -> None:
    is_on = settings.model_copy(update={"limits": True})
    server = await start(is_on, engine, fetcher, rates=rates)
    async with server.browser() as http:
        known = publish(site)
        await consent(http, server, known, email)
        for number in range(2):
            await again(http, server, site.url(f"/{number}"))
        refused = await again(http, server, site.url("/too-many"))
        assert refused.status == 429
        assert 1 <= int(refused.response.headers["retry-after"]) <= 60
        assert site.asked("/too-many") == 0
        publish(site, client_name="Renamed")
        server.clock.move(minutes=6)
        assert (await again(http, server, known)).title == "Connect Renamed?"


async def test_a_document_whose_fetch_was_not_begun_can_be_had_a_moment_later(
    settings: Settings, engine: Engine, authority: Authority, site: Site, email: str
) -> None:
    names = SilentNames()
    fetcher = Fetcher(resolve_host=names, seconds=3, allow_loopback=True, ca_file=authority.ca_file)
    server = await start(settings, engine, fetcher)
    get = partial(fetcher.get, for_person=True)
    try:
        async with anyio.create_task_group() as tasks:
            for number in range(STRANGERS.look_ups_of_requester.at_once):
                tasks.start_soon(get, f"https://n{number}.silent.example/", "127.0.0.1")
            await seen(names.waiting, STRANGERS.look_ups_of_requester.at_once)
            tasks.cancel_scope.cancel()
        async with server.browser() as http:
            refused = await consent(http, server, publish(site), email)
            assert (refused.status, refused.response.headers["retry-after"]) == (429, "5")
            names.released.set()
            assert (await again(http, server, site.url(PATH))).title == "Connect A described client?"
    finally:
        names.released.set()


# Whose documents are accepted


@pytest.mark.proves("""ci-hosts SHOULD MCP security-considerations (Trust Policies); CIMD §6.8
    An operator can allow or deny hosts of client ids.
    Here: CLIENT_ID_HOSTS_ALLOWED and CLIENT_ID_HOSTS_DENIED decide.""")
@pytest.mark.parametrize(
    ("rules", "accepted"),
    [
        ({}, True),
        ({"client_id_hosts_allowed": ["localhost"]}, True),
        ({"client_id_hosts_allowed": ["app.example"]}, False),
        ({"client_id_hosts_denied": ["localhost"]}, False),
        ({"client_id_hosts_allowed": ["localhost"], "client_id_hosts_denied": ["localhost"]}, False),
    ],
    ids=str,
)
async def test_hosts_can_be_allowed_and_denied(
    settings: Settings,
    engine: Engine,
    fetcher: Fetcher,
    site: Site,
    email: str,
    rules: dict[str, list[str]],
    accepted: bool,
) -> None:
    server = await start(settings.model_copy(update=rules), engine, fetcher)
    async with server.browser() as http:
        client_id = publish(site)
        opened = await Browser(http).open(Attempt(client_id, server.url).url())
        assert opened.status == (200 if accepted else 400)
        assert accepted or "Its host is not accepted here." in opened.text


async def test_denying_a_host_cuts_off_who_is_connected(
    server: RunningServer, http: httpx.AsyncClient, site: Site, email: str, settings: Settings, engine: Engine
) -> None:
    client_id = publish(site)
    _, tokens = await connected(http, server, client_id, email)
    denying = await start(settings.model_copy(update={"client_id_hosts_denied": ["localhost"]}), engine)
    async with denying.browser() as elsewhere:
        refused = await refresh(elsewhere, denying.url, client_id, tokens["refresh_token"])
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


# Errors before consent


@pytest.mark.proves("""cn-new-redirect-of-document SHOULD CIMD §6.3
    A changed client document does not inherit the trust of the earlier one.
    Here: Errors go only to the redirect URI that was approved before; each new grant is asked for again.""")
async def test_an_error_is_sent_only_to_the_redirect_uri_that_was_approved(
    server: RunningServer, http: httpx.AsyncClient, site: Site, email: str
) -> None:
    client_id = publish(site, redirect_uris=[REDIRECT_URI, "https://app.example/callback"])
    attempt, _ = await connected(http, server, client_id, email)
    page = await Browser(http).open(attempt.url(response_mode="fragment"))
    assert page.elsewhere is not None
    assert urlsplit(page.elsewhere).netloc == "localhost:49152"
    other = Attempt(client_id, server.url, redirect_uri="https://app.example/callback")
    kept = await Browser(http).open(other.url(response_mode="fragment"))
    assert (kept.status, kept.elsewhere) == (400, None)
    server.clock.move(days=31)
    kept = await Browser(http).open(attempt.url(response_mode="fragment"))
    assert kept.elsewhere is None
