"""Service accounts at the token endpoint and at the MCP endpoint."""

from typing import Any
from uuid import UUID

import anyio
import httpx
import jwt
import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette

from app.db import Engine, transaction
from app.db.embedded import DatabaseUrls
from app.errors import Ambiguous, Conflict, Invalid, NotFound
from app.households import finding
from app.households.repository import members_of, memberships_of
from app.households.tables import households
from app.oauth.clients.keys import GivenKeys
from app.oauth.clients.preregistered import remove_client
from app.oauth.clients.repository import find_preregistered, lock_client
from app.oauth.credentials.repository import find_service_account, find_service_accounts
from app.oauth.credentials.service_accounts import (
    IssuedAccount,
    NewAccount,
    create_service_account,
    revoke_service_account,
    revoke_tokens,
)
from app.oauth.grants.repository import find_service_grant, of_client, revoke_grants
from app.oauth.grants.revocation import GrantRevocations, GrantRevoked
from app.oauth.tables import clients, grants
from app.people.tables import people
from app.settings import Settings
from tests.clock import MovableClock
from tests.db.locks import until_somebody_waits
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.oauth.signing import Signer, new_key, public_jwk
from tests.oauth.tokens import REDIRECT_URI, Attempt, basic, register

pytestmark = pytest.mark.anyio

CLIENT_CREDENTIALS = {"grant_type": "client_credentials"}


@pytest.fixture
async def http(app: Starlette, settings: Settings) -> Any:
    """The whole service, with its MCP endpoint."""
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 50000))
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client:
        yield client


class Accounts:
    """Makes and ends service accounts, as the command does."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine = engine
        self.settings = settings
        self.clock = MovableClock()

    async def make(self, role: Any = "editor", household: str = "Ada's household", **more: Any) -> IssuedAccount:
        new_account = NewAccount(more.pop("name", "Kitchen robot"), household, role, **more)
        async with transaction(self.engine) as connection:
            return await create_service_account(connection, self.settings.resource, new_account, self.clock())

    async def end(self, account: IssuedAccount, notify: GrantRevoked = lambda _: None) -> UUID:
        revocations = GrantRevocations(notify)
        async with transaction(self.engine, committed=revocations.publish) as connection:
            return await revoke_service_account(connection, account.client_id, revocations, self.clock())


@pytest.fixture
def accounts(engine: Engine, settings: Settings) -> Accounts:
    return Accounts(engine, settings)


def proof_of(account: IssuedAccount) -> dict[str, str]:
    assert account.secret is not None
    return basic(account.client_id, account.secret)


async def token_of(http: httpx.AsyncClient, account: IssuedAccount, **more: str) -> dict[str, Any]:
    response = await http.post("/oauth/token", data={**CLIENT_CREDENTIALS, **more}, headers=proof_of(account))
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.proves("""cc-no-refresh SHOULD RFC 6749 §4.4.3
    No refresh token is given.
    Here: The answer has no refresh token.""")
@pytest.mark.proves("""cc-one-household MUST own rule
    A service account is bound to one household and role.
    Here: The account is a member of one household with one role, and its grant covers no other.""")
async def test_an_account_acts_in_its_household_under_its_name(
    http: httpx.AsyncClient, factory: Factory, accounts: Accounts, ada: Connected
) -> None:
    account = await accounts.make()
    answer = await token_of(http, account)
    assert answer.keys() == {"access_token", "token_type", "expires_in", "scope"}  # no refresh token
    assert (answer["expires_in"], answer["scope"]) == (28_800, "lists:read lists:write")
    client = McpClient(http, answer["access_token"])
    await client.call("add_items", items=["milk"])
    seen = await McpClient(http, ada.token).call("get_activity")
    assert seen["events"][0]["person"] == "Kitchen robot"
    other = await factory.connected("Eve")
    assert (await client.refusal("list_items", household="Eve's household"))["code"] == "not_found"
    assert (await McpClient(http, other.token).call("list_items"))["items"] == []
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert claims["client_id"] == account.client_id
    assert claims["sub"] not in (str(ada.person.id), account.client_id)


@pytest.mark.proves("cc-one-household")
async def test_a_viewer_reads_and_changes_nothing(http: httpx.AsyncClient, accounts: Accounts, ada: Connected) -> None:
    account = await accounts.make("viewer")
    answer = await token_of(http, account, scope="lists:read lists:write household:manage")
    assert answer["scope"] == "lists:read"
    client = McpClient(http, answer["access_token"])
    await client.call("list_items")
    refused = await client.send("tools/call", {"name": "add_items", "arguments": {"items": ["milk"]}})
    assert refused.status_code == 403


@pytest.mark.proves("""cc-methods MUST MCP ext oauth-client-credentials (Client Authentication Methods)
    Such clients authenticate by a signed assertion or by their secret.
    Here: By secret or by a signed assertion.""")
async def test_less_may_be_asked_for_and_another_resource_may_not(
    http: httpx.AsyncClient, accounts: Accounts, ada: Connected
) -> None:
    account = await accounts.make(method="client_secret_post")
    assert (await token_of(http, account, scope="lists:read"))["scope"] == "lists:read"
    assert (await token_of(http, account, scope="openid"))["scope"] == "lists:read lists:write"
    assert (await token_of(http, account, resource=accounts.settings.resource))["scope"] == "lists:read lists:write"
    wrong = {**CLIENT_CREDENTIALS, "resource": "https://other.example/mcp"}
    refused = await http.post("/oauth/token", data=wrong, headers=proof_of(account))
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_target")


@pytest.mark.proves("""cc-confidential MUST OAuth 2.1 §4.2; RFC 6749 §4.4
    Only confidential clients use the client credentials grant, and they are authenticated.
    Here: Public clients and clients without a service account get `unauthorized_client`.""")
async def test_only_a_service_account_gets_a_token_in_its_own_name(
    http: httpx.AsyncClient, accounts: Accounts, ada: Connected, settings: Settings
) -> None:
    account = await accounts.make()
    wrong = IssuedAccount(account.client_id, "sls_wrong")
    for headers, data in (
        (proof_of(wrong), {}),
        ({}, {"client_id": account.client_id}),
        ({}, {"client_id": account.client_id, "client_secret": ""}),
    ):
        refused = await http.post("/oauth/token", data={**CLIENT_CREDENTIALS, **data}, headers=headers)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    public = await register(http, settings.public_url)
    confidential = await register(http, settings.public_url, token_endpoint_auth_method="client_secret_post")
    for client in (public, confidential):
        data = {name: client[name] for name in ("client_id", "client_secret") if name in client}
        refused = await http.post("/oauth/token", data={**CLIENT_CREDENTIALS, **data})
        assert (refused.status_code, refused.json()["error"]) == (400, "unauthorized_client")


@pytest.mark.proves("""cc-no-dcr SHOULD MCP ext oauth-client-credentials (Overview)
    Such clients are registered by hand and never by dynamic registration.
    Here: Dynamic registration refuses grant types without the code flow; service accounts are made by command.""")
@pytest.mark.proves("""cc-sub SHOULD RFC 9068 §2.2, §5; RFC 9700 §4.15
    The token's subject can't be mistaken for a person.
    Here: The subject is the UUID of an account of its own kind, with which nobody can sign in.""")
async def test_nobody_can_register_an_account_or_sign_in_as_one(
    http: httpx.AsyncClient, accounts: Accounts, ada: Connected, settings: Settings
) -> None:
    account = await accounts.make()
    body = {"redirect_uris": [REDIRECT_URI], "grant_types": ["client_credentials"]}
    assert (await http.post("/oauth/register", json=body)).status_code == 400
    both = await register(http, settings.public_url, grant_types=["authorization_code", "client_credentials"])
    assert both["grant_types"] == ["authorization_code"]
    page = await http.get(Attempt(account.client_id, settings.public_url).url())
    assert page.status_code == 400
    async with transaction(accounts.engine) as connection:
        person = (await connection.execute(select(people).where(people.c.subject == account.client_id))).one()
        kind = (await connection.execute(select(grants.c.kind).where(grants.c.person_id == person.id))).scalar_one()
        stored = (await connection.execute(select(clients).where(clients.c.id == account.client_id))).one()
    assert (person.issuer, person.email, person.email_key, kind) == ("client", None, None, "service")
    assert account.secret is not None
    assert account.secret not in f"{stored}"
    assert account.secret not in repr(account)


async def test_a_revoked_account_ends_at_once_and_stays_on_record(
    http: httpx.AsyncClient, app: Starlette, accounts: Accounts, ada: Connected
) -> None:
    account = await accounts.make()
    client = McpClient(http, (await token_of(http, account))["access_token"])
    await client.call("add_items", items=["milk"])
    await accounts.end(account, app.state.pubsub.grant_ended)
    assert (await client.send("tools/list")).status_code == 401
    refused = await http.post("/oauth/token", data=CLIENT_CREDENTIALS, headers=proof_of(account))
    assert (refused.status_code, refused.json()["error"]) == (400, "unauthorized_client")
    owner = McpClient(http, ada.token)
    assert (await owner.call("get_activity"))["events"][0]["person"] == "Kitchen robot"
    await assert_nobody_but(accounts, ada)
    with pytest.raises(Conflict):
        await accounts.end(account)
    with pytest.raises(NotFound):
        await accounts.end(IssuedAccount("svc_unknown", None))


@pytest.mark.proves("rv-refresh")
async def test_an_account_that_revokes_its_tokens_goes_on_until_it_is_revoked(
    http: httpx.AsyncClient, accounts: Accounts, ada: Connected
) -> None:
    account = await accounts.make()
    tokens = [(await token_of(http, account))["access_token"] for _ in range(2)]
    for _ in range(2):
        answer = await http.post("/oauth/revoke", data={"token": tokens[0]}, headers=proof_of(account))
        assert answer.status_code == 200
    for token in tokens:
        assert (await McpClient(http, token).send("tools/list")).status_code == 401
    fresh = (await token_of(http, account))["access_token"]
    assert (await McpClient(http, fresh).call("list_items"))["items"] == []
    async with transaction(accounts.engine) as connection:
        [listed] = await find_service_accounts(connection)
        states = (await connection.execute(select(grants.c.revoked_because).order_by(grants.c.created_at))).scalars()
    assert (listed.client_id, listed.revoked_at, listed.scopes) == (
        account.client_id,
        None,
        ["lists:read", "lists:write"],
    )
    assert sorted(map(str, states)) == ["None", "None", "revoked_by_client"]  # hers, and both of the account
    ended: list[UUID] = []
    assert await accounts.end(account, ended.append) == ada.household_id
    assert len(ended) == 1
    await assert_nobody_but(accounts, ada)


async def test_an_account_that_is_revoked_while_it_revokes_its_tokens_ends(
    accounts: Accounts, ada: Connected, database: DatabaseUrls
) -> None:
    client_id = (account := await accounts.make()).client_id
    async with (
        anyio.create_task_group() as tasks,
        transaction(accounts.engine) as connection,
        until_somebody_waits(database),
    ):
        await lock_client(connection, client_id)
        grant = await find_service_grant(connection, client_id, accounts.clock())
        assert grant is not None
        assert await revoke_tokens(connection, grant, GrantRevocations(lambda _: None), accounts.clock())
        tasks.start_soon(accounts.end, account)
    async with transaction(accounts.engine) as connection:
        assert await find_service_grant(connection, client_id, accounts.clock()) is None


@pytest.mark.proves("cc-one-household")
async def test_an_account_without_a_live_grant_still_leaves_its_household(
    http: httpx.AsyncClient, accounts: Accounts, ada: Connected
) -> None:
    account = await accounts.make()
    async with transaction(accounts.engine) as connection:
        await revoke_grants(connection, of_client(account.client_id), "revoked_by_operator", accounts.clock())
    await accounts.end(account)
    await assert_nobody_but(accounts, ada)


async def assert_nobody_but(accounts: Accounts, ada: Connected) -> None:
    async with transaction(accounts.engine) as connection:
        assert [each.person_id for each in await members_of(connection, ada.household_id)] == [ada.person.id]


async def test_an_account_is_no_client_of_the_other_command(accounts: Accounts, ada: Connected) -> None:
    account = await accounts.make()
    async with transaction(accounts.engine) as connection:
        assert await find_preregistered(connection) == []
        with pytest.raises(Conflict, match=f"service-accounts revoke {account.client_id}"):
            await remove_client(connection, account.client_id, GrantRevocations(lambda _: None), accounts.clock())
        assert await find_service_account(connection, account.client_id) is not None


async def test_a_household_is_found_however_its_name_is_written(
    factory: Factory, accounts: Accounts, ada: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "PAGE", 1)
    await factory.person("Eve")
    async with transaction(accounts.engine) as connection:
        ref = (await memberships_of(connection, ada.person.id))[0].ref
    for name in ("ADA'S  household", ref.upper()):
        account = await accounts.make(household=name)
        assert await accounts.end(account) == ada.household_id


def jwk(**more: str) -> dict[str, Any]:
    return public_jwk(new_key(), kid="k", **more)


@pytest.mark.proves("cc-methods")
async def test_an_account_with_keys_signs_and_has_no_secret(
    http: httpx.AsyncClient, accounts: Accounts, ada: Connected
) -> None:
    signer = Signer("", accounts.settings.issuer)
    account = await accounts.make(method="private_key_jwt", keys=GivenKeys(signer.jwks()))
    assert account.secret is None
    refused = await http.post("/oauth/token", data={**CLIENT_CREDENTIALS, "client_id": account.client_id})
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    signer.client_id = account.client_id
    signed = await http.post("/oauth/token", data={**CLIENT_CREDENTIALS, **signer.parameters()})
    assert (await McpClient(http, signed.json()["access_token"]).call("list_items"))["items"] == []


@pytest.mark.parametrize(
    ("options", "error", "field"),
    [
        ({"role": "owner"}, Invalid, "role"),
        ({"name": " "}, Invalid, "name"),
        ({"household": "Nobody's"}, NotFound, "household"),
        ({"household": "Twice"}, Ambiguous, "household"),
        ({"method": "private_key_jwt"}, Invalid, "jwks"),
        ({"keys": GivenKeys({"keys": [jwk()]})}, Invalid, "jwks"),
        ({"method": "private_key_jwt", "keys": GivenKeys({"keys": []})}, Invalid, "jwks"),
        ({"method": "private_key_jwt", "keys": GivenKeys({"keys": 5})}, Invalid, "jwks"),
        ({"method": "private_key_jwt", "keys": GivenKeys({})}, Invalid, "jwks"),
        ({"method": "private_key_jwt", "keys": GivenKeys({"keys": [jwk(use="enc")]})}, Invalid, "jwks"),
        ({"method": "private_key_jwt", "keys": GivenKeys({"keys": [jwk(alg="ES384")]})}, Invalid, "jwks"),
        ({"method": "private_key_jwt", "keys": GivenKeys(jwks_uri="http://robot.example/keys")}, Invalid, "jwks"),
        ({"method": "private_key_jwt", "keys": GivenKeys({"keys": []}, "https://robot.example/k")}, Invalid, "jwks"),
        ({"keys": GivenKeys(jwks_uri="https://robot.example/keys")}, Invalid, "jwks"),
        ({"method": "none"}, Invalid, "method"),
        ({"method": "private_key_jwt", "keys": GivenKeys({"keys": [jwk(d="AAAA")]})}, Invalid, "jwks"),
        ({"method": "private_key_jwt", "keys": GivenKeys({"keys": [{"kty": "oct", "k": "AAAA"}]})}, Invalid, "jwks"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_bad_request_makes_nothing_and_names_the_field(
    factory: Factory, accounts: Accounts, ada: Connected, options: dict[str, Any], error: type[Any], field: str
) -> None:
    for _ in range(2):
        _, household_id = await factory.person("Twin")
        async with transaction(accounts.engine, household_id) as connection:
            renamed = update(households).where(households.c.id == household_id).values(name="Twice")
            await connection.execute(renamed)
    with pytest.raises(error) as caught:
        await accounts.make(**options)
    assert caught.value.field == field
    async with transaction(accounts.engine) as connection:
        assert (await connection.execute(select(clients.c.id))).all() == []


@pytest.mark.proves("""cc-metadata MUST MCP ext oauth-client-credentials (Server Metadata)
    The metadata lists the methods, the signing algorithms and the grant type.
    Here: The metadata lists them.""")
@pytest.mark.proves("""cc-discover SHOULD MCP ext oauth-client-credentials (docs: Advertise support)
    server/discover names the extension.
    Here: It is among the extensions.""")
async def test_the_metadata_and_the_mcp_endpoint_offer_it(http: httpx.AsyncClient, ada: Connected) -> None:
    metadata = (await http.get("/.well-known/oauth-authorization-server")).json()
    assert "client_credentials" in metadata["grant_types_supported"]
    capabilities = (await McpClient(http, ada.token).result("server/discover"))["capabilities"]
    assert capabilities["extensions"] == {"io.modelcontextprotocol/oauth-client-credentials": {}}
