"""Server-side request forgery: attacks reach no private address and learn nothing about one."""

import json
from typing import Any

import httpx
import pytest

from app.db import Engine
from app.fetch.fetcher import Fetcher
from app.settings import Settings
from tests.oauth.browser import Browser, Page
from tests.oauth.conftest import RunningServer, start
from tests.oauth.described import document_of, publish
from tests.oauth.signing import Signer
from tests.oauth.tokens import REDIRECT_URI, Attempt, register
from tests.site import Answer, Authority, Names, Site

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

SECRET = "the inner network's secret"
LOOPBACK = ["127.0.0.1"]


@pytest.fixture
def site(site: Site) -> Site:
    site.answers["/inside"] = Answer(SECRET.encode())
    return site


async def connecting(server: RunningServer, client_id: str, email: str) -> Page:
    """What a person who has signed in is shown for that client."""
    async with server.browser() as http:
        return await Browser(http).sign_up(Attempt(client_id, server.url).url(), email)


def said(page: Page) -> tuple[int, str, str]:
    assert SECRET not in page.response.text
    return page.status, page.title, page.text


@pytest.fixture
async def nothing_there(settings: Settings, engine: Engine, email: str) -> tuple[int, str, str]:
    """What is shown when there is nothing at an address at all."""
    server = await start(settings, engine, Fetcher(resolve_host=Names({})))
    return said(await connecting(server, "https://nowhere.example/client.json", f"first.{email}"))


@pytest.mark.proves("""ci-ssrf MUST CIMD §6.5; MCP security-considerations (Abuse Protection);
    MCP security_best_practices (SSRF)
    The address does not resolve to a special-use network address, at the moment of the connection.
    Here: Every address that a name leads to must be public, and the connection goes to the address that was
    checked.""")
@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "169.254.169.254", "10.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "[::ffff:127.0.0.1]"]
    + ["[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::1]", "[fd00:ec2::254]", "127.1", "2130706433", "0x7f000001", "0.0.0.1"],
)
async def test_a_client_id_inside_answers_as_one_where_nothing_is(
    settings: Settings, engine: Engine, site: Site, email: str, host: str, nothing_there: tuple[int, str, str]
) -> None:
    server = await start(settings, engine)
    assert said(await connecting(server, site.url("/inside", host), email)) == nothing_there
    assert site.seen == []


@pytest.mark.proves("ci-ssrf")
@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["169.254.169.254"], ["::ffff:10.0.0.1"], ["fd00::1"], ["1.1.1.1", "127.0.0.1"]]
)
async def test_a_name_that_leads_inside_answers_alike(
    settings: Settings,
    engine: Engine,
    site: Site,
    email: str,
    addresses: list[str],
    nothing_there: tuple[int, str, str],
) -> None:
    names = Names({"app.example": [addresses]})
    server = await start(settings, engine, Fetcher(resolve_host=names))
    assert said(await connecting(server, site.url("/inside", "app.example"), email)) == nothing_there
    assert site.seen == []


@pytest.mark.proves("ci-ssrf")
async def test_a_name_server_that_changes_its_mind_between_check_and_connection_gains_nothing(
    settings: Settings, engine: Engine, site: Site, authority: Authority, email: str
) -> None:
    names = Names({"app.example": [LOOPBACK, ["169.254.169.254"]]})
    fetcher = Fetcher(resolve_host=names, allow_loopback=True, ca_file=authority.ca_file)
    server = await start(settings, engine, fetcher)
    client_id = publish(site, host="app.example")
    assert (await connecting(server, client_id, email)).title == "Connect A described client?"
    assert names.asked == ["app.example"]


@pytest.mark.proves("""ci-fetch-fails SHOULD CIMD §4.3
    When the document can't be had, the authorization request ends.
    Here: The person sees a page that does not say what was found. While the site is down or refuses (401, 403, 407,
    408, 425, 429) the last document serves for a day.""")
@pytest.mark.proves("""ci-size SHOULD CIMD §6.6
    Documents above 5 KB are refused.
    Here: 5 KB and 5 seconds are the most.""")
@pytest.mark.parametrize(
    "trick", ["redirect inside", "redirect on", "6 KB", "compressed", "slow", "no json", "404", "5xx"]
)
async def test_every_other_trick_of_a_site_answers_alike(
    settings: Settings,
    engine: Engine,
    site: Site,
    authority: Authority,
    email: str,
    trick: str,
    nothing_there: tuple[int, str, str],
) -> None:
    client_id = publish(site)
    path = "/oauth/client.json"
    good = json.dumps(document_of(client_id)).encode()
    site.answers["/moved"] = Answer(good)
    site.answers[path] = {
        "redirect inside": Answer(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data/"}),
        "redirect on": Answer(status=307, headers={"Location": site.url("/moved")}),
        "6 KB": Answer(good + b" " * 6 * 1024),
        "compressed": Answer(good, headers={"Content-Encoding": "gzip"}),
        "slow": site.never,
        "no json": Answer(SECRET.encode()),
        "404": Answer(SECRET.encode(), status=404),
        "5xx": Answer(SECRET.encode(), status=500),
    }[trick]
    fetcher = Fetcher(seconds=3, allow_loopback=True, ca_file=authority.ca_file)
    server = await start(settings, engine, fetcher)
    assert said(await connecting(server, client_id, email)) == nothing_there
    assert [each[1] for each in site.seen] == [path]


@pytest.mark.proves("""ci-url-shape MUST CIMD §3
    A client id address is https, has a path, no dot segments, no fragment and no user information.
    Here: An id that is not an https address with a path, without dot segments, user and fragment, is refused before
    anybody signs in.""")
@pytest.mark.parametrize(
    ("client_id", "why"),
    [
        ("http://app.example/client.json", "Plain http is for localhost, 127.0.0.1 and [::1] only."),
        ("http://localhost/client.json", "It is not https."),
        ("https://app.example", "It has no path."),
        ("https://app.example/", "It has no path."),
        ("https://user@app.example/client.json", "It has user information."),
        ("https://app.example@127.0.0.1/client.json", "It has user information."),
        ("https://app.example/client.json#a", "It has a fragment."),
        ("https://app.example/a/../client.json", "Its path has a dot segment or an encoded dot."),
        ("https://app.example/./client.json", "Its path has a dot segment or an encoded dot."),
        ("https://app.example/%2e%2e/client.json", "Its path has a dot segment or an encoded dot."),
        ("https://app.example\\@127.0.0.1/client.json", "It contains a character that no URI has."),
        ("https://app.example/a b", "It contains a character that no URI has."),
        ("https://аpp.example/client.json", "It contains a character that no URI has."),
        ("https://app.example:99999/client.json", "It is not a URI."),
        ("https://[::1/client.json", "It is not a URI."),
        ("file:///etc/passwd", "It has no proper host."),
        ("ftp://app.example/client.json", "Its scheme is not https."),
        ("gopher://127.0.0.1:6379/_x", "Its scheme is not https."),
        ("HTTPS://app.example/client.json", "Its scheme is not https."),
        ("cursor://app.example/client.json", "Its scheme is not https."),
        (f"https://app.example/{'a' * 2048}", "It is longer than 2048 characters."),
    ],
)
async def test_a_client_id_of_a_bad_shape_is_refused_before_anybody_signs_in(
    settings: Settings, engine: Engine, client_id: str, why: str
) -> None:
    names = Names({})
    server = await start(settings, engine, Fetcher(resolve_host=names))
    async with server.browser() as http:
        page = await Browser(http).open(Attempt(client_id, server.url).url())
        assert page.status == 400
        assert f"The client_id is refused. {why}" in page.text
        token = await http.post("/oauth/token", data=Attempt(client_id, server.url).redemption("slc_x"))
        assert token.json()["error"] == "invalid_client"
    assert names.asked == []


# Keys of clients


async def asserted(server: RunningServer, http: httpx.AsyncClient, jwks_uri: str) -> httpx.Response:
    """A token request signed by a client whose keys are said to be there."""
    client = await register(
        http, server.url, token_endpoint_auth_method="private_key_jwt", jwks_uri=jwks_uri, redirect_uris=[REDIRECT_URI]
    )
    signer = Signer(client["client_id"], server.url)
    data: dict[str, Any] = {"grant_type": "refresh_token", "refresh_token": "slr_x", **signer.parameters()}
    return await http.post("/oauth/token", data=data)


@pytest.mark.proves("""ci-ssrf-inside SHOULD CIMD §6.5
    Addresses inside a document, such as jwks_uri, are fetched under the same rules.
    Here: Key sets go the same way, and answer alike whatever is found.""")
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "169.254.169.254", "[::ffff:10.0.0.1]", "inside.example", "rebound.example"]
)
async def test_keys_inside_are_out_of_reach_and_answer_as_keys_that_are_nowhere(
    settings: Settings, engine: Engine, site: Site, host: str
) -> None:
    names = Names({"inside.example": [["10.0.0.1"]], "rebound.example": [["1.1.1.1", "127.0.0.1"]]})
    for literal in ("127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1"):
        names.known[literal] = [[literal]]
    server = await start(settings, engine, Fetcher(resolve_host=names))
    async with server.browser() as http:
        inside = await asserted(server, http, site.url("/inside", host))
        nowhere = await asserted(server, http, "https://nowhere.example/keys")
    assert (inside.status_code, inside.text) == (503, nowhere.text)
    assert nowhere.status_code == 503
    assert SECRET not in inside.text
    assert site.seen == []


async def test_keys_that_are_redirected_inside_are_not_followed(
    settings: Settings, engine: Engine, site: Site, authority: Authority
) -> None:
    site.answers["/keys"] = Answer(status=302, headers={"Location": site.url("/inside")})
    server = await start(settings, engine, Fetcher(allow_loopback=True, ca_file=authority.ca_file))
    async with server.browser() as http:
        assert (await asserted(server, http, site.url("/keys"))).status_code == 503
    assert [path for _, path, _, _ in site.seen] == ["/keys"]


@pytest.mark.parametrize(
    "jwks_uri",
    ["http://app.example/keys", "http://localhost/keys", "https://user@app.example/keys", "https://app.example/keys#a"]
    + ["https://app.example/../keys", "file:///etc/passwd", "https://app.example\\@127.0.0.1/keys"],
)
async def test_keys_at_an_address_of_a_bad_shape_are_refused_at_registration(
    settings: Settings, engine: Engine, jwks_uri: str
) -> None:
    server = await start(settings, engine)
    body = {
        "redirect_uris": [REDIRECT_URI],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": jwks_uri,
    }
    async with server.browser() as http:
        refused = await http.post("/oauth/register", json=body)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_client_metadata")
    assert refused.json()["error_description"].startswith("jwks_uri is refused. ")
