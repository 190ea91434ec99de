"""`subscriptions/listen`: who hears of what, on which process, and until when."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import httpx
import httpx2
import jwt
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.subscriptions import ResourceUpdated
from sqlalchemy import text
from starlette.applications import Starlette

from app.db import Engine, transaction
from app.db.embedded import DatabaseUrls
from app.db.engine import connect
from app.households import repository as households
from app.mcp import subscriptions
from app.mcp.catalogue import TOOLS
from app.mcp.subscriptions import STREAMS_PER_GRANT, URIS_PER_STREAM
from app.pubsub import MembersChanged, PubSub
from app.pubsub.connection import CHANNEL
from app.settings import Settings
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.streaming import SECONDS, follow, on_its_port
from tests.mcp.test_tenancy import ARGUMENTS
from tests.oauth.tokens import tokens_for

pytestmark = [pytest.mark.anyio, pytest.mark.processes]


@pytest.fixture
async def server(settings: Settings) -> AsyncGenerator[Starlette]:
    """The application on its port, in this process."""
    async with on_its_port(settings) as app:
        yield app


@pytest.fixture
async def http(server: Starlette, settings: Settings) -> AsyncGenerator[httpx.AsyncClient]:
    """Calls the application over real connections."""
    async with httpx.AsyncClient(base_url=settings.public_url, timeout=SECONDS) as http:
        yield http


@pytest.fixture
async def other(database: DatabaseUrls) -> AsyncGenerator[PubSub]:
    """The pubsub of another process."""
    pubsub = PubSub(database.service)
    async with pubsub.running():
        yield pubsub


async def lists_uri(client: McpClient) -> str:
    ref = (await client.call("get_overview"))["household"]["ref"]
    return f"shopping://{ref}/lists"


@pytest.fixture
async def lists(client: McpClient) -> str:
    """The address of all lists of Ada's household."""
    return await lists_uri(client)


@pytest.fixture
def groceries(lists: str) -> str:
    """The address of Ada's list."""
    return f"{lists}/L1"


async def remove_member(engine: Engine, ada: Connected) -> None:
    async with transaction(engine) as connection:
        await connection.execute(text("DELETE FROM memberships WHERE person_id = :id"), {"id": ada.person.id})


async def revoke(engine: Engine, ada: Connected) -> None:
    statement = text("UPDATE grants SET revoked_at = now(), revoked_because = 'test' WHERE id = :id")
    async with transaction(engine) as connection:
        await connection.execute(statement, {"id": ada.grant_id})


async def cut(database: DatabaseUrls) -> None:
    """End every connection of the service role, as a restart of Postgres does."""
    admin = await connect(database.superuser)
    await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'shopping_service'")
    await admin.close()


async def test_a_change_is_told_to_who_follows_the_list(client: McpClient, lists: str, groceries: str) -> None:
    async with follow(client, groceries) as one, follow(client, lists) as every, follow(client) as nothing:
        assert one.acknowledged == {"resourceSubscriptions": [groceries]}
        assert nothing.acknowledged == {}
        await client.call("add_items", items=["milk"])
        assert await one.uri() == groceries
        assert await every.uri() == lists


NOT_ON_LISTS = {"invite_member", "update_member", "save_household", "save_recipe", "save_plan", "update_pantry"}
"""Tools that change nothing on the lists."""


@pytest.mark.parametrize("tool", [each.name for each in TOOLS if each.writes and each.name not in NOT_ON_LISTS])
async def test_every_tool_that_changes_lists_is_heard(client: McpClient, lists: str, tool: str) -> None:
    await client.call("add_items", items=["milk"])
    await client.call("save_list", name="Hardware")
    await client.call("save_recipe", name="Soup", items=["stock"])
    async with follow(client, lists) as following:
        await client.call(tool, **ARGUMENTS[tool])
        assert await following.uri() == lists


async def test_what_never_changes_is_not_promised(client: McpClient, groceries: str) -> None:
    also = ["toolsListChanged", "promptsListChanged"]
    async with follow(client, groceries, listing=True, also=also) as following:
        assert following.acknowledged == {"resourceSubscriptions": [groceries], "resourcesListChanged": True}


async def test_the_official_client_follows_a_list(
    client: McpClient, ada: Connected, groceries: str, settings: Settings
) -> None:
    headers = {"Authorization": f"Bearer {ada.token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=SECONDS) as http,
        Client(streamable_http_client(settings.resource, http_client=http)) as official,
    ):
        capabilities = official.server_capabilities
        assert capabilities is not None
        assert capabilities.resources is not None
        assert capabilities.resources.subscribe is True
        assert groceries in {each.uri for each in (await official.list_resources()).resources}
        with anyio.fail_after(SECONDS):
            async with official.listen(resource_subscriptions=[groceries]) as following:
                await client.call("add_items", items=["milk"])
                assert await anext(following) == ResourceUpdated(groceries)


async def test_what_changed_nothing_tells_nothing(
    client: McpClient, ada: Connected, engine: Engine, server: Starlette, groceries: str
) -> None:
    async with follow(client, groceries) as following:
        await client.call("add_items", items=["milk"], idempotency_key="same")
        await client.call("add_items", items=["milk"], idempotency_key="same")
        await client.call("list_items")
        await client.refusal("add_items", items=["milk"], list="none of that name")
        await client.call("add_items", items=["eggs"])
        await revoke(engine, ada)
        server.state.pubsub.grant_ended(ada.grant_id)
        assert await following.uris_to_the_end() == [groceries, groceries]


async def test_a_change_in_another_household_is_not_told(
    client: McpClient, factory: Factory, lists: str, groceries: str
) -> None:
    eve = McpClient(client.http, (await factory.connected("Eve")).token)
    async with follow(client, lists, groceries) as following, follow(eve, await lists_uri(eve)) as eves:
        await eve.call("add_items", items=["bread"])
        await eves.uri()
        await client.call("add_items", items=["milk"])
        assert {await following.uri(), await following.uri()} == {lists, groceries}
        await eve.call("add_items", items=["butter"])
        assert await eves.uri() == await lists_uri(eve)


async def test_one_stream_follows_every_household_of_the_grant(
    http: httpx.AsyncClient, factory: Factory, ada: Connected
) -> None:
    bob, cabin = await factory.person("Bob")
    await factory.join(ada.person, cabin, "viewer")
    both = McpClient(http, (await factory.connect(ada.person, ada.household_id, cabin)).token)
    bobs = McpClient(http, (await factory.connect(bob, cabin)).token)
    home, away = await lists_uri(both), await lists_uri(bobs)
    async with follow(both, home, away) as following:
        await bobs.call("add_items", items=["firewood"])
        assert await following.uri() == away
        await both.call("add_items", items=["milk"])
        assert await following.uri() == home


async def test_all_that_is_listed_can_be_followed_and_members_are_heard_of(
    client: McpClient, ada: Connected, other: PubSub
) -> None:
    listed = [each["uri"] for each in (await client.result("resources/list"))["resources"]]
    (members,) = [uri for uri in listed if uri.endswith("/members")]
    async with follow(client, *listed) as following:
        assert following.acknowledged == {"resourceSubscriptions": listed}
        other.publish(MembersChanged(ada.household_id))
        assert await following.uri() == members
        await client.call("add_items", items=["milk"])
        assert {await following.uri(), await following.uri()} == {uri for uri in listed if "/lists" in uri}


LISTING = ("notifications/resources/list_changed", None)


async def test_who_follows_what_is_listed_hears_of_lists_and_not_of_items(
    client: McpClient, ada: Connected, engine: Engine, server: Starlette, lists: str
) -> None:
    async with follow(client, listing=True) as following, follow(client, lists) as others:
        assert following.acknowledged == {"resourcesListChanged": True}
        saved: dict[str, Any] = {}
        for settings in ({"name": "Saws"}, {"list": "Saws", "name": "Depot"}, {"list": "Depot", "archived": True}):
            saved = await client.call("save_list", **settings)
            assert await following.event() == LISTING
            assert await others.uri() == lists
        await client.call("undo", undo_ref=saved["undo_ref"])
        assert await following.event() == LISTING
        await client.call("delete_list", list="Depot", confirm_name="Depot")
        assert await following.event() == LISTING
        await client.call("add_items", items=["milk"])
        await client.call("check_items", items=["milk"])
        await revoke(engine, ada)
        server.state.pubsub.grant_ended(ada.grant_id)
        assert await following.uris_to_the_end() == []


async def test_what_other_households_list_is_not_told(
    client: McpClient, factory: Factory, ada: Connected, other: PubSub, engine: Engine
) -> None:
    list_id = await id_of_the_list(engine, ada)
    eve = McpClient(client.http, (await factory.connected("Eve")).token)
    async with follow(client, listing=True) as following, follow(eve, listing=True) as eves:
        await eve.call("save_list", name="Secret")
        assert await eves.event() == LISTING
        other.lists_changed(ada.household_id, {list_id: 9}, {list_id})
        assert await following.event() == LISTING
        await eve.call("save_list", name="Another")
        assert await eves.event() == LISTING


async def test_a_stream_of_what_is_listed_ends_with_a_membership(
    http: httpx.AsyncClient, factory: Factory, ada: Connected, engine: Engine, other: PubSub
) -> None:
    _, cabin = await factory.person("Bob")
    await factory.join(ada.person, cabin, "editor")
    both = McpClient(http, (await factory.connect(ada.person, ada.household_id, cabin)).token)
    async with follow(both, listing=True) as following:
        async with transaction(engine) as connection:
            statement = text("DELETE FROM memberships WHERE person_id = :person AND household_id = :household")
            await connection.execute(statement, {"person": ada.person.id, "household": cabin})
        other.publish(MembersChanged(cabin))
        assert await following.uris_to_the_end() == []


UNREADABLE = [
    "shopping://{eve}/lists",
    "shopping://{eve}/lists/L1",
    "shopping://hzzzzzzzzz/lists/L1",
    "shopping://{own}/lists/L2",
    "shopping://{own}/lists/l1",
    "shopping://{own}/lists/%4C1",
    "shopping://{own}/lists/L01",
    "shopping://{own}/lists/Groceries",
    "shopping://{own}/lists/",
    "shopping://{own}/lists/L1/",
    "shopping://{own}/lists/L1?x=1",
    "shopping://{own}/lists/L1.csv",
    "shopping://{own}/lists/L1\0",
    "shopping://{own}/lists/L" + "1" * 9,
    "shopping://{own}/lists/L" + "1" * 500,
    "shopping://{own}",
    "SHOPPING://{own}/lists",
    "https://localhost/lists",
    "",
]


@pytest.mark.parametrize("uri", UNREADABLE)
async def test_an_address_one_may_not_read_is_refused_like_one_that_does_not_exist(
    client: McpClient, factory: Factory, groceries: str, uri: str
) -> None:
    eve = McpClient(client.http, (await factory.connected("Eve")).token)
    refs = {"own": groceries.split("/")[2], "eve": (await eve.call("get_overview"))["household"]["ref"]}
    asked = [groceries, uri.format(**refs)]
    refusal = await client.error("subscriptions/listen", {"notifications": {"resourceSubscriptions": asked}})
    assert refusal["code"] == -32602
    assert refusal["message"] == (
        "notifications.resourceSubscriptions[1]: there is no such resource to follow. "
        "resources/list names those that you may."
    )
    assert refusal["data"]["code"] == "not_found"


async def test_a_household_that_the_grant_does_not_cover_is_refused(
    client: McpClient, factory: Factory, ada: Connected
) -> None:
    bob, cabin = await factory.person("Bob")
    await factory.join(ada.person, cabin, "owner")
    uri = await lists_uri(McpClient(client.http, (await factory.connect(bob, cabin)).token))
    refusal = await client.error("subscriptions/listen", {"notifications": {"resourceSubscriptions": [uri]}})
    assert refusal["data"]["code"] == "not_found"


async def test_a_token_that_may_not_read_may_not_follow(
    http: httpx.AsyncClient, factory: Factory, ada: Connected, groceries: str
) -> None:
    claims = jwt.decode(ada.token, options={"verify_signature": False})
    client = McpClient(http, factory.keys.sign({**claims, "scope": ""}))
    response = await client.send("subscriptions/listen", {"notifications": {"resourceSubscriptions": [groceries]}})
    assert response.status_code == 403
    assert 'scope="lists:read"' in response.headers["www-authenticate"]


async def test_older_clients_have_no_streams(client: McpClient, groceries: str) -> None:
    older = replace(client, era="2025-11-25")
    refusal = await older.error("subscriptions/listen", {"notifications": {"resourceSubscriptions": [groceries]}})
    assert refusal["code"] == -32601


async def test_too_many_addresses_are_refused(client: McpClient, groceries: str) -> None:
    asked = {"notifications": {"resourceSubscriptions": [groceries] * (URIS_PER_STREAM + 1)}}
    assert "at most 50" in (await client.error("subscriptions/listen", asked))["message"]


async def test_a_grant_has_a_number_of_streams_and_gets_room_when_one_ends(
    client: McpClient, factory: Factory, ada: Connected, groceries: str
) -> None:
    asked = {"notifications": {"resourceSubscriptions": [groceries]}}
    another = McpClient(client.http, (await factory.connect(ada.person, ada.household_id)).token)
    async with anyio.create_task_group() as tasks:
        opened = [await tasks.start(hold_open, client, groceries) for _ in range(STREAMS_PER_GRANT)]
        refusal = await client.error("subscriptions/listen", asked)
        assert refusal["data"]["code"] == "limit"
        assert "5 open streams" in refusal["message"]
        async with follow(another, groceries):
            pass
        opened[0].cancel()
        with anyio.fail_after(SECONDS):
            while not await is_opened(client, groceries):
                pass
        tasks.cancel_scope.cancel()


async def test_where_all_places_are_taken_whoever_has_most_makes_room(
    client: McpClient, factory: Factory, groceries: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "STREAMS", 3)
    asked = {"notifications": {"resourceSubscriptions": [groceries]}}
    people = [await factory.person(name) for name in ("Bob", "Cleo", "Dan")]
    bob, cleo, dan = [McpClient(client.http, (await factory.connect(*person)).token) for person in people]
    ended = anyio.Semaphore(0)

    async def follow_to_the_end(*, task_status: anyio.abc.TaskStatus[None]) -> None:
        async with follow(client, groceries) as following:
            task_status.started()
            assert await following.uris_to_the_end() == []
            ended.release()

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            await tasks.start(follow_to_the_end)
        async with follow(bob, await lists_uri(bob)), follow(cleo, await lists_uri(cleo)):
            with anyio.fail_after(SECONDS):
                await ended.acquire()
                await ended.acquire()
            assert (await dan.error("subscriptions/listen", asked))["data"]["code"] == "unavailable"
            assert ended.value == 0
        tasks.cancel_scope.cancel()


async def hold_open(client: McpClient, uri: str, *, task_status: anyio.abc.TaskStatus[anyio.CancelScope]) -> None:
    with anyio.CancelScope() as scope:
        async with follow(client, uri):
            task_status.started(scope)
            await anyio.sleep_forever()


async def is_opened(client: McpClient, uri: str) -> bool:
    try:
        async with follow(client, uri):
            return True
    except AssertionError:
        return False


@pytest.mark.proves("""stream-ends-token MUST own rule
    An open stream ends with its token.
    Here: A timer ends it at `exp`.""")
async def test_a_stream_ends_when_the_token_does(
    http: httpx.AsyncClient, factory: Factory, ada: Connected, groceries: str
) -> None:
    expires = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=3)
    claims: dict[str, Any] = jwt.decode(ada.token, options={"verify_signature": False})
    brief = McpClient(http, factory.keys.sign({**claims, "exp": int(expires.timestamp())}))
    async with follow(brief, groceries) as following:
        await brief.call("add_items", items=["milk"])
        assert await following.uris_to_the_end() == [groceries]
    assert datetime.now(UTC) >= expires


@pytest.mark.proves("""stream-ends-grant MUST own rule
    An open stream ends at once with its grant or membership.
    Here: Cues make every stream look at its rights again.""")
async def test_a_stream_ends_when_its_grant_is_revoked(http: httpx.AsyncClient, settings: Settings) -> None:
    tokens = await tokens_for(http, settings.public_url, "anna@example.org")
    kept = await tokens_for(http, settings.public_url, "bert@example.org")
    client, bystander = McpClient(http, tokens["access_token"]), McpClient(http, kept["access_token"])
    async with (
        follow(client, await lists_uri(client)) as following,
        follow(bystander, await lists_uri(bystander)) as others,
    ):
        form = {"token": tokens["refresh_token"], "client_id": tokens["client_id"]}
        assert (await http.post("/oauth/revoke", data=form)).status_code == 200
        assert await following.uris_to_the_end() == []
        await bystander.call("add_items", items=["milk"])
        await others.uri()
    assert (await client.send("tools/list")).status_code == 401


@pytest.mark.proves("rs-other-process-stream")
async def test_a_stream_ends_soon_when_nobody_says_that_its_grant_has_ended(
    settings: Settings, engine: Engine, ada: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "RECHECK_SECONDS", 0.1)
    async with (
        on_its_port(settings),
        httpx.AsyncClient(base_url=settings.public_url, timeout=SECONDS) as http,
    ):
        client = McpClient(http, ada.token)
        async with follow(client, await lists_uri(client)) as following:
            await revoke(engine, ada)
            assert await following.uris_to_the_end() == []


@pytest.mark.proves("""rs-other-process-stream MUST own rule
    A revocation in one process ends streams in the others, also one that was missed.
    Here: Notifications and a look after each lost connection see to it; besides, every stream is looked at each 25
    seconds.""")
async def test_a_stream_ends_when_its_grant_is_revoked_on_another_process(
    client: McpClient, ada: Connected, engine: Engine, other: PubSub, groceries: str
) -> None:
    async with follow(client, groceries) as following:
        await revoke(engine, ada)
        other.grant_ended(ada.grant_id)
        assert await following.uris_to_the_end() == []


async def test_nothing_is_told_of_changes_between_the_end_of_a_grant_and_the_end_of_its_stream(
    client: McpClient, ada: Connected, engine: Engine, server: Starlette, groceries: str
) -> None:
    async with follow(client, groceries) as following:
        list_id = await id_of_the_list(engine, ada)
        await revoke(engine, ada)
        server.state.pubsub.grant_ended(ada.grant_id)
        server.state.pubsub.lists_changed(ada.household_id, {list_id: 9})
        assert await following.uris_to_the_end() == []


async def test_a_cue_that_only_claims_an_end_ends_nothing(
    client: McpClient, ada: Connected, other: PubSub, engine: Engine, groceries: str
) -> None:
    list_id = await id_of_the_list(engine, ada)
    async with follow(client, groceries) as following:
        other.grant_ended(ada.grant_id)
        other.publish(MembersChanged(ada.household_id))
        other.lists_changed(ada.household_id, {list_id: 9})
        assert await following.uri() == groceries


async def id_of_the_list(engine: Engine, ada: Connected) -> Any:
    async with transaction(engine, ada.household_id) as connection:
        return (await connection.execute(text("SELECT id FROM lists"))).scalar_one()


@pytest.mark.proves("stream-ends-grant")
async def test_a_stream_ends_when_the_person_is_no_longer_a_member(
    http: httpx.AsyncClient, factory: Factory, ada: Connected, engine: Engine, other: PubSub
) -> None:
    bob, cabin = await factory.person("Bob")
    await factory.join(ada.person, cabin, "editor")
    both = McpClient(http, (await factory.connect(ada.person, ada.household_id, cabin)).token)
    bobs = McpClient(http, (await factory.connect(bob, cabin)).token)
    home, away = await lists_uri(both), await lists_uri(bobs)
    async with follow(both, away) as removed, follow(both, home) as kept, follow(bobs, away) as owners:
        async with transaction(engine) as connection:
            statement = text("DELETE FROM memberships WHERE person_id = :person AND household_id = :household")
            await connection.execute(statement, {"person": ada.person.id, "household": cabin})
        other.publish(MembersChanged(cabin))
        assert await removed.uris_to_the_end() == []
        await bobs.call("add_items", items=["firewood"])
        assert await owners.uri() == away
        await both.call("add_items", items=["milk"])
        assert await kept.uri() == home


async def test_after_postgres_restarts_the_stream_says_so_and_hears_again(
    client: McpClient, ada: Connected, engine: Engine, database: DatabaseUrls, other: PubSub, groceries: str
) -> None:
    list_id = await id_of_the_list(engine, ada)
    async with follow(client, groceries) as following:
        await cut(database)
        assert await following.uri() == groceries, "something may have been missed"
        other.lists_changed(ada.household_id, {list_id: 9})
        assert await following.uri() == groceries


@pytest.mark.proves("rs-other-process-stream")
async def test_a_revocation_that_was_missed_ends_the_stream_when_cues_arrive_again(
    client: McpClient, ada: Connected, engine: Engine, database: DatabaseUrls, groceries: str
) -> None:
    async with follow(client, groceries) as following:
        await revoke(engine, ada)
        await cut(database)
        assert await following.uris_to_the_end() == []


async def test_a_membership_that_was_missed_ends_the_stream_too(
    client: McpClient, ada: Connected, engine: Engine, database: DatabaseUrls, groceries: str
) -> None:
    async with follow(client, groceries) as following:
        await remove_member(engine, ada)
        await cut(database)
        assert await following.uris_to_the_end() == []


async def test_many_writes_are_one_notification_for_each_interval(
    client: McpClient, database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.pubsub.connection.GATHER_SECONDS", 0.5)
    payloads: list[tuple[int, str]] = []
    last = anyio.Event()

    def received(connection: object, process: int, channel: str, payload: object) -> None:
        payloads.append((process, str(payload)))
        if '"rev":100,' in str(payload):
            last.set()

    listening = await connect(database.service)
    await listening.add_listener(CHANNEL, received)
    started = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        for number in range(100):
            tasks.start_soon(write, client, f"thing {number}")
    with anyio.fail_after(SECONDS):
        await last.wait()
    intervals = (anyio.current_time() - started) / 0.5
    await listening.close()
    assert len(payloads) <= intervals + 1
    assert len({process for process, _ in payloads}) == 1, "on a connection of its own, not on those that write"


async def write(client: McpClient, item: str) -> None:
    await client.call("add_items", items=[item])


async def test_a_person_of_the_household_is_told_of_what_others_write(
    client: McpClient, factory: Factory, ada: Connected, engine: Engine, groceries: str
) -> None:
    bob, _ = await factory.person("Bob")
    await factory.join(bob, ada.household_id, "viewer")
    async with transaction(engine) as connection:
        assert len(await households.members_of(connection, ada.household_id)) == 2
    viewer = McpClient(client.http, (await factory.connect(bob, ada.household_id, scopes=("lists:read",))).token)
    async with follow(viewer, groceries) as following:
        await client.call("add_items", items=["milk"])
        assert await following.uri() == groceries
