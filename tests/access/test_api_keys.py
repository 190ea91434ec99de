"""API keys at the MCP endpoint: what a key gives access to, what ends it, and where it is not accepted."""

from typing import Any

import httpx
import pytest
from sqlalchemy import delete, select, text
from starlette.applications import Starlette

from app.access import api_keys
from app.access.api_keys import ApiKeys
from app.crypto.tokens import hash_of
from app.db import Engine, transaction
from app.db.embedded import DatabaseUrls
from app.errors import Ambiguous, Invalid, NotFound
from app.households.tables import memberships
from app.oauth.credentials.api_keys import IssuedKey, NewKey, create_api_key, revoke_api_key
from app.oauth.credentials.repository import find_api_keys
from app.oauth.grants.revocation import GrantRevocations, GrantRevoked
from app.oauth.tables import api_keys as stored_keys
from app.oauth.tables import grants
from app.people.models import Person
from app.people.repository import insert_identified
from app.pubsub import MembersChanged
from app.settings import Settings
from tests.clock import MovableClock
from tests.db.looking import change
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.oauth.tokens import basic

pytestmark = pytest.mark.anyio


class Keys:
    """Makes and ends keys, as the command does."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine = engine
        self.settings = settings
        self.clock = MovableClock()

    async def make(self, person: Person, household: str = "Ada's household", **options: Any) -> IssuedKey:
        key = NewKey(person=person.email or str(person.id), household=household, **options)
        async with transaction(self.engine) as connection:
            return await create_api_key(connection, self.settings.resource, key, self.clock())

    async def end(self, key: IssuedKey, notify: GrantRevoked = lambda _: None) -> None:
        revocations = GrantRevocations(notify)
        async with transaction(self.engine, committed=revocations.publish) as connection:
            await revoke_api_key(connection, key.id, revocations, self.clock())


@pytest.fixture
def keys(engine: Engine, settings: Settings) -> Keys:
    return Keys(engine, settings)


@pytest.mark.proves("""ak-bound MUST own rule; RFC 6750 §5.3
    An API key is bound to a grant with scopes, one household and an end of 365 days at most.
    Here: A key is bound to a grant of its own, with scopes, one household and an end.""")
async def test_a_key_opens_its_household_with_its_scopes(
    http: httpx.AsyncClient, factory: Factory, keys: Keys, ada: Connected
) -> None:
    _, elsewhere = await factory.person("Eve")
    await factory.join(ada.person, elsewhere, "owner")
    client = McpClient(http, (await keys.make(ada.person)).secret)
    await client.call("add_items", items=["milk"])
    assert (await McpClient(http, ada.token).call("list_items"))["items"][0]["name"] == "milk"
    assert (await client.refusal("list_items", household="Eve's household"))["code"] == "not_found"
    assert (await client.call("get_activity"))["events"][0]["person"] == "Ada"
    reader = McpClient(http, (await keys.make(ada.person, scopes=("lists:read",))).secret)
    refused = await reader.send("tools/call", {"name": "add_items", "arguments": {"items": ["tea"]}})
    assert refused.status_code == 403
    assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]


async def test_people_of_a_provider_have_keys_too(
    http: httpx.AsyncClient, factory: Factory, keys: Keys, ada: Connected
) -> None:
    async with transaction(keys.engine) as connection:
        eve = await insert_identified(connection, "https://id.example", "eve-7", "Eve", keys.clock())
    assert eve is not None
    await factory.join(eve, ada.household_id, "viewer")
    key = await keys.make(eve)
    assert (await McpClient(http, key.secret).call("list_items"))["items"] == []
    async with transaction(keys.engine) as connection:
        assert [each.person for each in await find_api_keys(connection)] == ["eve-7"]


@pytest.mark.proves("""ak-revoked MUST own rule; RFC 6750 §5.3
    A revoked API key ends at the next call.
    Here: A revoked key gets the same 401 as a wrong one.""")
async def test_a_wrong_an_expired_and_a_revoked_key_get_the_same_answer(
    http: httpx.AsyncClient, app: Starlette, keys: Keys, ada: Connected, database: DatabaseUrls
) -> None:
    old = await keys.make(ada.person, days=1)
    revoked = await keys.make(ada.person)
    assert (await McpClient(http, revoked.secret).send("tools/list")).status_code == 200
    await change(database.owner, grants.update().where(grants.c.client_id == old.id).values(expires_at=keys.clock()))
    await keys.end(revoked, app.state.pubsub.grant_ended)
    app.state.pubsub.publish(MembersChanged(ada.household_id))
    wrong = revoked.secret[:-1] + ("A" if revoked.secret[-1] != "A" else "B")
    answers = [
        await McpClient(http, key).send("tools/list")
        for key in (old.secret, revoked.secret, wrong, "slk_", "slk_short", f"{revoked.secret}x", "nonsense")
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({(answer.text, answer.headers["www-authenticate"]) for answer in answers}) == 1
    assert 'error="invalid_token"' in answers[0].headers["www-authenticate"]


async def test_a_key_ends_with_the_membership(
    http: httpx.AsyncClient, app: Starlette, keys: Keys, ada: Connected
) -> None:
    client = McpClient(http, (await keys.make(ada.person)).secret)
    await client.call("list_items")
    async with transaction(keys.engine) as connection:
        await connection.execute(delete(memberships).where(memberships.c.person_id == ada.person.id))
    app.state.pubsub.publish(MembersChanged(ada.household_id))
    assert (await client.send("tools/list")).status_code == 401


async def test_a_key_is_not_accepted_at_the_oauth_endpoints(
    http: httpx.AsyncClient, keys: Keys, ada: Connected
) -> None:
    key = await keys.make(ada.person)
    for data in (
        {"grant_type": "refresh_token", "refresh_token": key.secret, "client_id": key.id},
        {"grant_type": "authorization_code", "code": key.secret, "client_id": key.id, "code_verifier": "x" * 43},
        {"grant_type": "client_credentials", "client_id": key.id, "client_secret": key.secret},
    ):
        refused = await http.post("/oauth/token", data=data)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    for header in ({"Authorization": f"Bearer {key.secret}"}, basic(key.id, key.secret)):
        for path in ("/oauth/token", "/oauth/revoke"):
            data = {"grant_type": "client_credentials", "token": key.secret}
            assert (await http.post(path, data=data, headers=header)).status_code == 401
    registered = await http.post("/oauth/register", json={"redirect_uris": ["http://localhost/cb"]})
    client = {"client_id": registered.json()["client_id"], "client_secret": registered.json()["client_secret"]}
    assert (await http.post("/oauth/revoke", data={**client, "token": key.secret})).status_code == 200
    assert (await McpClient(http, key.secret).send("tools/list")).status_code == 200


@pytest.mark.proves("""ak-hashed MUST own rule; RFC 6750 §5.3
    API keys are opaque, hashed, and shown once.
    Here: A key is 256 random bits, printed once; its hash is stored.""")
async def test_a_key_is_shown_once_and_stored_as_a_hash(keys: Keys, ada: Connected) -> None:
    key = await keys.make(ada.person, name="Kitchen display")
    assert len(key.secret) == len("slk_") + 43
    assert key.secret not in repr(key)
    async with transaction(keys.engine) as connection:
        stored = (await connection.execute(select(stored_keys))).one()
        grant = (await connection.execute(select(grants).where(grants.c.id == stored.grant_id))).one()
    assert stored.key_hash == hash_of(key.secret)
    assert key.secret[4:] not in f"{stored}{grant}"
    assert (grant.kind, grant.client["name"], grant.expires_at) == ("key", "Kitchen display", key.expires_at)


@pytest.mark.proves("ak-bound")
@pytest.mark.parametrize(
    ("options", "error", "field"),
    [
        ({"days": 0}, Invalid, "days"),
        ({"days": 366}, Invalid, "days"),
        ({"scopes": ("lists:all",)}, Invalid, "scopes"),
        ({"scopes": ()}, Invalid, "scopes"),
        ({"name": "\x1b[31m"}, Invalid, "name"),
        ({"household": "Eve's household"}, NotFound, "household"),
        ({"household": "Twice"}, Ambiguous, "household"),
    ],
    ids=str,
)
async def test_a_bad_request_makes_nothing_and_names_the_field(
    factory: Factory, keys: Keys, ada: Connected, options: dict[str, Any], error: type[Any], field: str
) -> None:
    await factory.person("Eve")
    for name in ("Twice", "Twice"):
        _, household_id = await factory.person(name)
        await factory.join(ada.person, household_id, "viewer")
    async with transaction(keys.engine) as connection:
        await connection.execute(text("UPDATE households SET name = 'Twice' WHERE name LIKE 'Twice%'"))
    with pytest.raises(error) as caught:
        await keys.make(ada.person, **options)
    assert caught.value.field == field
    with pytest.raises(NotFound) as caught:
        await keys.make(Person(ada.person.id, "Ada", "nobody@example.org"))
    assert caught.value.field == "person"
    async with transaction(keys.engine) as connection:
        assert (await connection.execute(select(stored_keys))).all() == []


async def test_the_last_use_is_noted_once_a_day(keys: Keys, ada: Connected, clock: MovableClock) -> None:
    key = await keys.make(ada.person)
    known = ApiKeys(keys.engine, keys.settings.issuer, clock=clock)

    async def noted() -> Any:
        async with transaction(keys.engine) as connection:
            return (await connection.execute(select(stored_keys.c.last_used_on))).scalar_one()

    assert await noted() is None
    for _ in range(2):
        await known.look_up(key.secret)
        await known.note_use(key.secret)
        assert await noted() == clock.now.date()
        async with transaction(keys.engine) as connection:
            await connection.execute(stored_keys.update().values(last_used_on=None))
        await known.note_use(key.secret)
        assert await noted() is None  # nothing is written twice in a day
        clock.move(days=1)


async def test_each_key_finds_its_own_grant_and_few_are_remembered(
    factory: Factory, keys: Keys, ada: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_keys, "MOST_KEYS", 1)
    eve = await factory.connected("Eve")
    issued = [await keys.make(ada.person), await keys.make(eve.person, "Eve's household")]
    known = ApiKeys(keys.engine, keys.settings.issuer)
    for _ in range(2):
        for key in issued:
            grant_id = await known.look_up(key.secret)
            assert known.recall(key.secret) == grant_id
            async with transaction(keys.engine) as connection:
                owner = (await connection.execute(select(grants.c.client_id).where(grants.c.id == grant_id))).scalar()
            assert owner == key.id
            await known.note_use(key.secret)
            assert len(known) == 1
    assert all(key.secret not in repr(vars(known)) for key in issued)
