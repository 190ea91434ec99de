"""Redirect URIs: accepted, compared, answered."""

from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from pydantic import TypeAdapter, ValidationError

from app.oauth.clients.redirects import is_registered, redirect_uri_error, response_uri, shown_host
from app.settings.types import NOT_PRIVATE_SCHEMES, PrivateSchemes
from tests.oauth.browser import Browser
from tests.oauth.conftest import RunningServer
from tests.oauth.tokens import Attempt, register

SCHEMES = ["cursor"]

REFUSED = [
    "",
    "/callback",
    "//evil.example/cb",
    "https://",
    "https:///cb",
    "https:evil.example/cb",
    "http://evil.example/cb",
    "http://localhost.evil.example/cb",
    "http://localhost:x/cb",
    "http://localhost:/cb",
    "http://localhost:99999/cb",
    "http://LOCALHOST/cb",
    "HTTP://localhost/cb",
    "http://127.1/cb",
    "http://127.0.0.2/cb",
    "http://0.0.0.0/cb",
    "http://2130706433/cb",
    "http://0x7f.1/cb",
    "http://[::ffff:127.0.0.1]/cb",
    "http://[0:0:0:0:0:0:0:1]/cb",
    "http://localhost./cb",
    "http://localhost@evil.example/cb",
    "http://evil.example\\@localhost/cb",
    "https://user@client.example/cb",
    "https://user:password@client.example/cb",
    "https://client.example/cb#fragment",
    "https://client.example/cb#",
    "https://client.example\\.evil.example/cb",
    "https://client.example/cb\r\nX: y",
    "https://client.example/c b",
    "https://client.example/cb\0",
    "https://client.example/\tcb",
    "https://client.example/a/../cb",
    "https://client.example/./cb",
    "https://client.example/..",
    "https://client.example/a/%2e%2e/cb",
    "https://client.example/a/.%2E/cb",
    "https://client.example/a%2ecb",
    "https://client%2eexample/cb",
    "https://сlient.example/cb",
    "https://[::1/cb",
    "ftp://client.example/cb",
    "javascript://client.example/%0aalert(1)",
    "javascript:alert(1)",
    "data:text/html,hello",
    "myapp://callback",
    "cursor:callback",
    "cursorx://callback",
    f"https://client.example/{'a' * 2048}",
]

ACCEPTED = [
    "https://client.example",
    "https://client.example/",
    "https://client.example:8443/cb?tenant=1&x=../y",
    "https://xn--80ak6aa92e.example/cb",
    "https://client.example/a..b/.well-known/cb",
    "http://localhost",
    "http://localhost:1/cb",
    "http://127.0.0.1:65535/cb",
    "http://[::1]:8080/cb",
    "cursor://anysphere.cursor-mcp/oauth/callback",
]


@pytest.mark.proves("""az-redirect-https MUST MCP security-considerations (Communication Security); RFC 9700 §2.6
    Redirect addresses are https, or loopback.
    Here: http is accepted for exactly three loopback hosts; the schemes in the settings are the exceptions.""")
@pytest.mark.proves("""az-redirect-shape MUST OAuth 2.1 §2.3; RFC 6749 §3.1.2
    A redirect address is absolute and has no fragment.
    Here: Fragments, user information, backslashes, control characters and dot segments are refused.""")
@pytest.mark.parametrize("uri", REFUSED)
def test_a_dangerous_redirect_uri_is_refused(uri: str) -> None:
    assert redirect_uri_error(uri, SCHEMES)


@pytest.mark.parametrize("scheme", sorted(NOT_PRIVATE_SCHEMES - {"http", "https"}))
def test_a_scheme_that_browsers_handle_is_accepted_by_no_setting_and_recommended_to_nobody(scheme: str) -> None:
    refusal = redirect_uri_error(f"{scheme}://client.example/%0aalert(1)", SCHEMES)
    assert refusal == "Its scheme is not https."
    with pytest.raises(ValidationError, match="private schemes"):
        TypeAdapter[list[str]](PrivateSchemes).validate_python(f"cursor,{scheme}")


@pytest.mark.parametrize("uri", ACCEPTED)
def test_an_honest_redirect_uri_is_accepted(uri: str) -> None:
    assert redirect_uri_error(uri, SCHEMES) is None


@pytest.mark.proves("""az-redirect-exact MUST MCP security-considerations (Open Redirection); OAuth 2.1 §2.3.1, §4.1.1;
    RFC 9700 §2.1, §4.1.3
    The redirect address is compared as sent with a registered one, byte for byte.
    Here: Only the port of a loopback address may differ.""")
@pytest.mark.parametrize(
    ("registered", "sent"),
    [
        ("https://client.example/cb", "https://client.example/cb/"),
        ("https://client.example/cb", "https://client.example/cb?x=1"),
        ("https://client.example/cb", "https://client.example/cb/more"),
        ("https://client.example/cb", "https://client.example/CB"),
        ("https://client.example/cb", "https://CLIENT.example/cb"),
        ("https://client.example/cb", "https://client.example:443/cb"),
        ("https://client.example/cb", "https://client.example.evil.example/cb"),
        ("https://client.example/cb", "http://client.example/cb"),
        ("https://client.example/c%62", "https://client.example/cb"),
        ("http://localhost:1/cb", "http://127.0.0.1:1/cb"),
        ("http://127.0.0.1:1/cb", "http://[::1]:1/cb"),
        ("http://localhost:1/cb", "http://localhost:2/other"),
        ("http://localhost:1/cb", "https://localhost:1/cb"),
        ("http://localhost:1/cb", "http://localhost:1/cb?x=1"),
        ("http://localhost:1/cb?", "http://localhost:2/cb"),
    ],
)
def test_what_was_not_registered_does_not_match(registered: str, sent: str) -> None:
    assert not is_registered(sent, [registered])


@pytest.mark.proves("""az-redirect-loopback-port MUST OAuth 2.1 §4.1.1, §8.4.2; RFC 8252 §7.3; RFC 9700 §4.1.3
    On loopback any port is accepted at the time of the request.
    Here: The port is ignored for localhost, 127.0.0.1 and [::1]; the host is never swapped.""")
@pytest.mark.parametrize(
    ("registered", "sent"),
    [
        ("http://localhost/cb", "http://localhost:49152/cb"),
        ("http://localhost:1/cb", "http://localhost/cb"),
        ("http://[::1]:1/cb", "http://[::1]:2/cb"),
    ],
)
def test_on_loopback_the_port_does_not_matter(registered: str, sent: str) -> None:
    assert is_registered(sent, [registered])


@pytest.mark.proves("""az-redirect-query-kept MUST OAuth 2.1 §2.3
    The query of a redirect address is kept when the answer is added.
    Here: It is kept, but for the names that are ours to set.""")
@pytest.mark.proves("""az-iss MUST MCP authorization (Authorization Response Validation); RFC 9207 §2, §2.3;
    MCP security-considerations (Mix-Up Attacks)
    Every authorization response, an error too, carries our issuer exactly once.
    Here: `iss` is added to codes, denials and redirected errors, and a planted one is removed.""")
def test_the_issuer_arrives_once_and_is_ours() -> None:
    target = response_uri(
        "https://client.example/cb?keep=a%20b&iss=https://evil.example&code=planted&i%73s=x",
        {"code": "c", "state": "s&t=1"},
        "https://lists.example.org",
    )
    query = parse_qsl(urlsplit(target).query)
    assert query == [("keep", "a b"), ("code", "c"), ("state", "s&t=1"), ("iss", "https://lists.example.org")]


@pytest.mark.proves("""cn-redirect-host MUST MCP security-considerations (Localhost Redirect URI Risks)
    The page shows the host of the redirect address.
    Here: It is shown, look-alike letters as punycode.""")
def test_a_look_alike_host_shows_as_punycode() -> None:
    assert shown_host("https://xn--pypal-4ve.example:8443/cb") == "xn--pypal-4ve.example:8443"
    assert shown_host("cursor://anysphere.cursor-mcp/oauth/callback") == "cursor://anysphere.cursor-mcp"


@pytest.mark.proves("az-redirect-exact")
@pytest.mark.anyio
async def test_no_trick_leads_anywhere_but_to_the_registered_address(
    server: RunningServer, http: httpx.AsyncClient
) -> None:
    client = await register(http, server.url, redirect_uris=["https://client.example/cb", "http://localhost/cb"])
    for sent in [*REFUSED, "https://evil.example/cb", "https://client.example/cb/", "https://client.example"]:
        page = await Browser(http).open(Attempt(client["client_id"], server.url, redirect_uri=sent).url())
        assert page.status == 400, sent
        assert page.elsewhere is None, sent
