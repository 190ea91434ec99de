"""People and grants behind tokens of external issuers."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

import anyio
import httpx
import pytest
from starlette.applications import Starlette

from app.crypto.tokens import hash_of
from app.db import Engine, transaction
from app.db.embedded import DatabaseUrls
from app.db.engine import connect
from app.households.tables import households, memberships
from app.limits.defaults import CALLS_OF_PERSON
from app.limits.rate_limit import RateLimiter
from app.main import create_app
from app.oauth.clients.models import Client, ClientKind
from app.oauth.clients.repository import insert_client
from app.oauth.credentials.api_keys import NewKey, create_api_key
from app.oauth.external import grants as external_grants
from app.oauth.external.grants import KEPT, ExternalGrants
from app.oauth.grants.repository import approved_redirects, by_id, revoke_grants
from app.oauth.tables import grants
from app.oauth.tokens.claims import ExternalClaims
from app.people.identities import NAMELESS, name_in
from app.people.tables import identities, people
from app.settings import Settings
from tests.clock import MovableClock
from tests.db.looking import count, rows
from tests.factory import Factory
from tests.issuers.conftest import Resource
from tests.oidc_provider.process import RemoteControl

pytestmark = [pytest.mark.anyio, pytest.mark.own_app, pytest.mark.processes]


async def test_a_person_has_a_household_at_first_sight_and_the_same_one_later(
    resource: Resource, issuer: RemoteControl, database: DatabaseUrls
) -> None:
    first = resource.client(resource.token(issuer, name="Ada Lovelace"))
    overview = await first.call("get_overview")
    assert overview["household"]["name"] == "Ada Lovelace's household"
    await first.call("add_items", items=["milk"])
    later = resource.client(resource.token(issuer, name="Renamed"))
    assert [item["name"] for item in (await later.call("list_items"))["items"]] == ["milk"]
    assert await rows(database.superuser, "SELECT issuer, subject FROM identities") == [
        {"issuer": issuer.identifier, "subject": "ada"}
    ]


@pytest.mark.proves("""ex-identity MUST RFC 8725 §3.8; OIDC Core §5.7
    A person is issuer and subject, never the e-mail address.
    Here: People are unique by issuer and subject; an e-mail address links nobody.""")
async def test_one_subject_of_two_issuers_is_two_people(
    resource: Resource, issuer: RemoteControl, plain_issuer: RemoteControl
) -> None:
    one, other = (resource.client(resource.token(each, sub="the-same")) for each in (issuer, plain_issuer))
    await one.call("add_items", items=["milk"])
    assert (await other.call("list_items"))["items"] == []
    refs = {(await each.call("get_overview"))["household"]["ref"] for each in (one, other)}
    assert len(refs) == 2
    for ref in refs:
        answers = [
            await each.send("tools/call", {"name": "list_items", "arguments": {"household": ref}})
            for each in (one, other)
        ]
        assert sorted(bool(each.json()["result"].get("isError")) for each in answers) == [False, True]


@pytest.mark.proves("ex-identity")
async def test_an_email_address_links_nobody(
    resource: Resource, issuer: RemoteControl, engine: Engine, settings: Settings
) -> None:
    ada = await Factory(engine, settings).connected("Ada")
    assert ada.person.email is not None
    token = resource.token(issuer, sub=ada.person.email, email=ada.person.email, email_verified=True)
    ours, theirs = [await resource.client(each).call("get_overview") for each in (ada.token, token)]
    assert ours["household"]["ref"] != theirs["household"]["ref"]


@pytest.mark.proves("rs-rate-limit")
async def test_all_clients_of_a_person_together_have_no_more_calls_than_the_person(
    app: Starlette, resource: Resource, issuer: RemoteControl
) -> None:
    app.state.endpoints._authenticator._limiter = RateLimiter(rates={CALLS_OF_PERSON: 2})
    clients = [resource.token(issuer, client_id=name) for name in ("one", "two", "three")]
    assert [await resource.status(token) for token in clients] == [200, 200, 429]
    assert await resource.status(resource.token(issuer, sub="eve")) == 200


async def test_clients_of_ours_can_neither_end_nor_describe_their_tokens_and_no_issuer_is_asked(
    http: httpx.AsyncClient, resource: Resource, issuer: RemoteControl, engine: Engine
) -> None:
    asking = {"client_id": "reports", "client_secret": "of the tests"}
    method, secret_hash = "client_secret_post", hash_of(asking["client_secret"])
    client = Client("reports", ClientKind.PREREGISTERED, "Reports", (), method, secret_hash, may_introspect=True)
    async with transaction(engine) as connection:
        await insert_client(connection, client, {}, datetime.now(UTC))
    token = resource.token(issuer)
    assert (await http.post("/oauth/revoke", data={**asking, "token": token})).status_code == 200
    assert (await http.post("/oauth/introspect", data={**asking, "token": token})).json() == {"active": False}
    assert issuer.asked("metadata") == 0
    assert await resource.status(token) == 200


async def test_many_first_calls_at_once_make_one_person_one_household_and_one_grant(
    resource: Resource, issuer: RemoteControl, engine: Engine, database: DatabaseUrls
) -> None:
    tokens = [resource.token(issuer) for _ in range(16)]
    statuses: list[int] = []

    async def call(token: str) -> None:
        statuses.append(await resource.status(token))

    async with anyio.create_task_group() as tasks:
        for token in tokens:
            tasks.start_soon(call, token)
    assert statuses == [200] * 16
    tables = (people, identities, households, memberships, grants)
    assert [await count(engine, table) for table in tables] == [1] * 5
    recorded = await rows(
        database.superuser,
        """
        SELECT action, detail, person_id = (SELECT id FROM people) FROM audit_events
        WHERE action IN ('sign_up', 'membership_changed', 'grant_made') ORDER BY action""",
    )
    assert [tuple(row.values()) for row in recorded] == [
        ("grant_made", "external lists:read lists:write household:manage", True),
        ("membership_changed", "owner", True),
        ("sign_up", issuer.identifier, True),
    ]


async def test_each_client_has_a_grant_of_its_own_that_can_be_revoked_for_good(
    app: Starlette,
    resource: Resource,
    issuer: RemoteControl,
    engine: Engine,
    database: DatabaseUrls,
    clock: MovableClock,
) -> None:
    one, other = resource.token(issuer, client_id="one"), resource.token(issuer, client_id="other")
    for token in (one, other):
        assert await resource.status(token) == 200
    found = await rows(database.superuser, "SELECT id, client_id, kind, issuer FROM grants")
    assert {row["client_id"] for row in found} == {"one", "other"}
    assert {(row["kind"], row["issuer"]) for row in found} == {("external", issuer.identifier)}
    (grant_id,) = [row["id"] for row in found if row["client_id"] == "one"]
    async with transaction(engine) as connection:
        assert await revoke_grants(connection, by_id(grant_id), "test", clock())
    app.state.pubsub.grant_ended(grant_id)
    assert await resource.status(one) == 401
    assert await resource.status(resource.token(issuer, client_id="one")) == 401  # a fresh token changes nothing
    assert await resource.status(other) == 200


async def test_what_was_changed_names_the_client_and_the_person(resource: Resource, issuer: RemoteControl) -> None:
    client = resource.client(resource.token(issuer, name="Ada"))
    await client.call("add_items", items=["milk"])
    events = (await client.call("get_activity"))["events"]
    assert events[0]["person"] == "Ada"


async def test_a_client_of_another_issuer_is_not_the_client_of_that_id_here(
    resource: Resource, issuer: RemoteControl, engine: Engine, database: DatabaseUrls
) -> None:
    assert await resource.status(resource.token(issuer, client_id="app_of_ours")) == 200
    (grant,) = await rows(database.superuser, "SELECT person_id FROM grants")
    async with transaction(engine) as connection:
        assert await approved_redirects(connection, grant["person_id"], "app_of_ours", datetime.now(UTC)) == []


async def test_a_person_without_any_household_is_not_let_in(
    resource: Resource, issuer: RemoteControl, database: DatabaseUrls
) -> None:
    assert await resource.status(resource.token(issuer)) == 200
    await rows(database.superuser, "DELETE FROM memberships RETURNING household_id")
    assert await resource.status(resource.token(issuer, client_id="another")) == 401


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"name": "Ada Lovelace"}, "Ada Lovelace"),
        ({"name": "  "}, NAMELESS),
        ({"name": "\u202eevil"}, "evil"),
        ({"name": "a\x00b", "given_name": "Ada"}, "Ada"),
        ({"name": "\ud800", "nickname": "ada"}, "ada"),
        ({"name": 7, "preferred_username": "ada@example.org"}, "ada"),
        ({"name": "ada@example.org"}, "ada"),
        ({"name": "A" * 1000}, "A" * 100),
        ({"email": "ada@example.org"}, NAMELESS),
        ({}, NAMELESS),
    ],
)
def test_names_are_cleaned(claims: dict[str, Any], name: str) -> None:
    assert name_in(claims) == name


def claims_of(subject: str, clock: MovableClock) -> ExternalClaims:
    return ExternalClaims.model_validate(
        {"iss": "https://id.example", "sub": subject, "client_id": "app", "exp": clock(), "name": "Ada"}
    )


async def test_few_grants_are_remembered_and_not_for_long(
    engine: Engine, settings: Settings, clock: MovableClock, monkeypatch: pytest.MonkeyPatch, database: DatabaseUrls
) -> None:
    monkeypatch.setattr(external_grants, "MOST_GRANTS", 2)
    remembered = ExternalGrants(engine, settings.resource, clock=clock)
    ids = {subject: await remembered.find(claims_of(subject, clock)) for subject in ("ada", "bert", "carl")}
    assert len(set(ids.values())) == 3
    assert len(remembered) == 2
    for subject, grant_id in ids.items():
        assert await remembered.find(claims_of(subject, clock)) == grant_id
    owner = await connect(database.owner)
    await owner.execute("UPDATE identities SET subject = 'moved' WHERE subject = 'carl'")
    await owner.execute("UPDATE people SET subject = 'moved' WHERE subject = 'carl'")
    await owner.close()
    assert await remembered.find(claims_of("carl", clock)) == ids["carl"]
    clock.now += KEPT
    assert await remembered.find(claims_of("carl", clock)) not in (None, ids["carl"])


@pytest.fixture
def without_auth_server(settings: Settings) -> Settings:
    return settings.model_copy(update={"auth_server": False})


@pytest.fixture
async def pure(without_auth_server: Settings) -> AsyncGenerator[Resource]:
    """The service as a resource server and nothing else."""
    app = create_app(without_auth_server)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=without_auth_server.public_url) as http,
    ):
        yield Resource(http, without_auth_server)


@pytest.mark.proves("""ex-as-off SHOULD own rule
    AUTH_SERVER=off leaves a pure resource server: no accounts, no keys, metadata with the external issuers.
    Here: Then there are no OAuth endpoints, and the metadata names the external issuers.""")
@pytest.mark.proves("prm-as-listed")
async def test_without_the_authorization_server_external_issuers_are_all_there_is(
    pure: Resource, issuer: RemoteControl, plain_issuer: RemoteControl, database: DatabaseUrls
) -> None:
    client = pure.client(pure.token(issuer))
    await client.call("add_items", items=["milk"])
    document = (await pure.http.get("/.well-known/oauth-protected-resource")).json()
    assert document["authorization_servers"] == [issuer.identifier, plain_issuer.identifier]
    for path in (
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/oauth/jwks.json",
        "/oauth/authorize",
        "/authorize",
        "/oauth/sign-in",
        "/oauth/upstream/callback",
    ):
        assert (await pure.http.get(path)).status_code == 404, path
    for path in ("/oauth/token", "/token", "/oauth/register", "/register", "/oauth/revoke"):
        assert (await pure.http.post(path)).status_code == 404, path
    assert await rows(database.superuser, "SELECT kid FROM signing_keys") == []


@pytest.mark.proves("""ak-off MUST own rule; RFC 6750 §5.3
    With AUTH_SERVER=off no API key is valid.
    Here: API keys are not looked up: a key that was made before gets 401. The command makes none.""")
async def test_without_the_authorization_server_its_earlier_tokens_and_keys_are_refused(
    pure: Resource, engine: Engine, without_auth_server: Settings
) -> None:
    ada = await Factory(engine, without_auth_server).connected("Ada")
    new_key = NewKey(ada.person.email or "", "Ada's household")
    async with transaction(engine) as connection:
        key = await create_api_key(connection, without_auth_server.resource, new_key, datetime.now(UTC))
    for credential in (ada.token, key.secret):
        assert await pure.status(credential) == 401
