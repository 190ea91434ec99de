"""The metadata documents."""

import httpx
import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from app.db import Engine
from app.oauth.clients.policy import ClientPolicy
from app.oauth.metadata import server_metadata
from app.settings import Settings
from tests.oauth.conftest import RunningServer, start

pytestmark = pytest.mark.anyio

DOCUMENTS = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"]


@pytest.mark.proves("""as-metadata MUST MCP authorization (Overview); RFC 8414 §3
    The server publishes its metadata at a well-known address.
    Here: It is at both well-known addresses, 200 and application/json.""")
@pytest.mark.proves("""as-issuer-identical MUST
    MCP authorization-server-discovery (Authorization Server Metadata Discovery); RFC 8414 §3.3
    `issuer` is identical to the address from which the well-known address was formed.
    Here: It is PUBLIC_URL byte for byte, without a trailing slash. With a path in PUBLIC_URL the copy at the root of
    the host names the issuer with the path.""")
@pytest.mark.parametrize("path", DOCUMENTS)
async def test_the_issuer_is_byte_for_byte_the_public_url(
    server: RunningServer, http: httpx.AsyncClient, path: str
) -> None:
    response = await http.get(path)
    assert response.status_code == 200
    assert response.json()["issuer"] == server.url


@pytest.mark.proves("""as-path-inserted MUST MCP authorization-server-discovery; RFC 8414 §3.1
    For an issuer with a path the well-known part is inserted before it.
    Here: Both forms are served.""")
@pytest.mark.parametrize("path", DOCUMENTS)
async def test_a_path_in_the_public_url_is_inserted(settings: Settings, engine: Engine, path: str) -> None:
    settings = settings.model_copy(update={"public_url": "https://lists.example.org/shop"})
    server = await start(settings, engine)
    async with server.browser() as http:
        for address in (path, f"{path}/shop"):
            document = (await http.get(address)).json()
            assert document["issuer"] == "https://lists.example.org/shop"
            assert document["token_endpoint"] == "https://lists.example.org/shop/oauth/token"


@pytest.mark.proves("""as-pkce-advertised MUST MCP security-considerations (Authorization Code Protection);
    RFC 9700 §2.1.1
    The metadata says that PKCE with S256 is supported, also in the OpenID document.
    Here: `code_challenge_methods_supported` is S256 in both documents.""")
@pytest.mark.proves("""as-iss-advertised MUST MCP authorization (Authorization Response Validation); RFC 9207 §2.3, §3
    A server that sends `iss` says so in its metadata.
    Here: `authorization_response_iss_parameter_supported` is true.""")
@pytest.mark.proves("""as-cimd-advertised MUST MCP client-registration (Advertising CIMD Support); CIMD §5
    A server that supports client id documents says so.
    Here: The metadata says true, unless CLIENT_ID_HOSTS_DENIED turns documents off.""")
@pytest.mark.proves("""as-signing-algs MUST RFC 8414 §2; MCP ext oauth-client-credentials (Server Metadata)
    With private_key_jwt the metadata lists the accepted signing algorithms, and never none.
    Here: The algorithms of client assertions are listed, for each endpoint that takes them.""")
@pytest.mark.proves("cc-metadata")
async def test_only_what_works_is_advertised(server: RunningServer, http: httpx.AsyncClient) -> None:
    document, openid = [(await http.get(path)).json() for path in DOCUMENTS]
    assert openid.items() >= document.items()
    assert openid.keys() - document.keys() == {"subject_types_supported", "id_token_signing_alg_values_supported"}
    assert document["code_challenge_methods_supported"] == ["S256"]
    methods = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"]
    algorithms = ["ES256", "RS256", "PS256", "EdDSA"]
    for endpoint in ("token", "revocation"):
        assert document[f"{endpoint}_endpoint_auth_methods_supported"] == methods
        assert document[f"{endpoint}_endpoint_auth_signing_alg_values_supported"] == algorithms
    assert document["authorization_response_iss_parameter_supported"] is True
    assert document["client_id_metadata_document_supported"] is True
    assert "offline_access" not in document["scopes_supported"]
    for name, address in document.items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            assert (await http.get(address)).status_code != 404


async def test_documents_are_not_offered_when_every_host_is_denied() -> None:
    denied = ClientPolicy(hosts_denied=["*"])
    assert server_metadata("https://lists.example.org", denied)["client_id_metadata_document_supported"] is False


async def test_the_document_is_valid_by_authlibs_reading_of_the_rfc() -> None:
    AuthorizationServerMetadata(server_metadata("https://lists.example.org", ClientPolicy())).validate()


@pytest.mark.proves("""tk-cors SHOULD RFC 9700 §2.6
    Browser clients may call token, metadata, registration and revocation from anywhere, without credentials.
    Here: Any origin may, and credentials are not allowed.""")
@pytest.mark.parametrize(
    ("path", "method"),
    [(path, "GET") for path in [*DOCUMENTS, "/oauth/jwks.json"]]
    + [(f"/oauth/{name}", "POST") for name in ("register", "token", "revoke", "introspect")],
)
async def test_a_client_in_a_browser_may_call_from_any_origin(http: httpx.AsyncClient, path: str, method: str) -> None:
    origin = "https://inspector.example"
    asked = "authorization, content-type, mcp-protocol-version"
    preflight = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": asked,
    }
    allowed = await http.options(path, headers=preflight)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "*"
    assert allowed.headers["access-control-allow-headers"] == asked
    answer = await http.request(method, path, headers={"Origin": origin})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    assert (await http.options(path)).status_code == 204


@pytest.mark.proves("""az-no-cors MUST OAuth 2.1 §3.1; RFC 9700 §2.6
    The authorization endpoint does not support CORS.
    Here: Pages have no CORS headers.""")
@pytest.mark.parametrize("path", ["/oauth/authorize", "/oauth/sign-in", "/oauth/consent"])
async def test_pages_are_not_open_to_other_origins(http: httpx.AsyncClient, path: str) -> None:
    response = await http.get(path, headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in response.headers
