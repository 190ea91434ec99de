"""Access that ends while a write waits, after the request was let in: nothing is stored, and the caller is told."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx
import pytest
from sqlalchemy import text
from starlette.applications import Starlette

from app.db import Engine, transaction, transactions
from app.db.embedded import DatabaseUrls
from app.db.engine import connect
from app.limits.defaults import CONNECTIONS
from app.pubsub import MembersChanged
from tests.audit.looking import log_of, recorded
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient

pytestmark = [pytest.mark.anyio, pytest.mark.own_app]

WRITES: list[tuple[str, dict[str, Any]]] = [
    ("add_items", {"items": ["bread"]}),
    ("add_items", {"items": ["bread"], "idempotency_key": "k"}),
    ("check_items", {"items": ["milk"]}),
    ("update_items", {"items": [{"item": "milk", "store": "Market"}]}),
    ("remove_items", {"items": ["milk"]}),
    ("save_list", {"name": "Hardware"}),
]
IDS = ["add", "add with key", "check", "update", "remove", "save list"]


class Waiting:
    """What ends while Ada's call waits, and what is stored in the end."""

    def __init__(self, app: Starlette, engine: Engine, ada: Connected) -> None:
        self.app = app
        self.engine = engine
        self.ada = ada

    async def end_grant(self) -> None:
        async with transaction(self.engine) as connection:
            await connection.execute(
                text("UPDATE grants SET revoked_at = now(), revoked_because = 'test' WHERE id = :id"),
                {"id": self.ada.grant_id},
            )
        self.app.state.pubsub.grant_ended(self.ada.grant_id)

    async def change_membership(self, statement: str) -> None:
        async with transaction(self.engine) as connection:
            key = {"person": self.ada.person.id, "household": self.ada.household_id}
            await connection.execute(text(f"{statement} WHERE person_id = :person AND household_id = :household"), key)
        self.app.state.pubsub.publish(MembersChanged(self.ada.household_id))

    async def stored(self) -> Any:
        query = """
            SELECT (SELECT jsonb_agg(to_jsonb(items)) FROM items), (SELECT jsonb_agg(to_jsonb(lists)) FROM lists),
                (SELECT count(*) FROM events), (SELECT rev FROM clocks)
        """
        async with transaction(self.engine, self.ada.household_id) as connection:
            return (await connection.execute(text(query))).one()

    async def call(
        self,
        client: McpClient,
        tool: str,
        arguments: dict[str, Any],
        until: Callable[[], Awaitable[None]],
        meanwhile: Callable[[], Awaitable[None]],
        release: Callable[[], Awaitable[None]],
    ) -> httpx.Response:
        """Make a call, wait until it waits, do something meanwhile, and let it go on."""
        responses: list[httpx.Response] = []

        async def send() -> None:
            responses.append(await client.send("tools/call", {"name": tool, "arguments": arguments}))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(send)
            with anyio.fail_after(30):
                await until()
            await meanwhile()
            await release()
        return responses[0]

    async def call_behind_another(
        self, client: McpClient, tool: str, arguments: dict[str, Any], meanwhile: Callable[[], Awaitable[None]]
    ) -> httpx.Response:
        """Make a call that waits for its turn to write."""
        turn = await transactions.take_turn(self.ada.household_id)

        async def release() -> None:
            turn.close()

        return await self.call(client, tool, arguments, until_a_writer_waits, meanwhile, release)


async def until_a_writer_waits() -> None:
    while not len(transactions._waiting):  # pyright: ignore[reportPrivateUsage]
        await anyio.lowlevel.checkpoint()


@pytest.fixture
async def waiting(app: Starlette, engine: Engine, ada: Connected, client: McpClient) -> Waiting:
    """Ada's household, with a milk."""
    await client.call("add_items", items=["milk"])
    return Waiting(app, engine, ada)


@pytest.mark.proves("""rs-ended-while-waiting MUST own rule
    A write that waited stores nothing for a caller who lost their access meanwhile.
    Here: After a wait for its turn, for a connection or for another process's lock, the caller is looked at again, and
    refused as at a new request.""")
@pytest.mark.parametrize(("tool", "arguments"), WRITES, ids=IDS)
async def test_a_grant_that_ends_while_a_write_waits_for_its_turn_stores_nothing(
    waiting: Waiting, client: McpClient, tool: str, arguments: dict[str, Any]
) -> None:
    before = await waiting.stored()
    response = await waiting.call_behind_another(client, tool, arguments, waiting.end_grant)
    assert response.status_code == 401
    assert 'error="invalid_token"' in response.headers["www-authenticate"]
    assert await waiting.stored() == before
    rows = await recorded(waiting.engine, log_of(waiting.app), "tool_called")
    assert (rows[-1]["tool"], rows[-1]["outcome"], rows[-1]["touched"]) == (tool, "access_ended", None)


@pytest.mark.proves("rs-ended-while-waiting")
async def test_through_the_sdk_it_is_a_protocol_error(
    sdk_app: Starlette, engine: Engine, ada: Connected, each_way: McpClient, app: Starlette
) -> None:
    async with both(app, sdk_app, engine, ada) as waiting:
        before = await waiting.stored()
        response = await waiting.call_behind_another(each_way, "add_items", {"items": ["bread"]}, waiting.end_grant)
        told = response.json()
        assert response.status_code == 401 or told["error"]["message"].startswith("Access has ended")
        assert await waiting.stored() == before


@asynccontextmanager
async def both(app: Starlette, sdk_app: Starlette, engine: Engine, ada: Connected) -> AsyncGenerator[Waiting]:
    """What ends is told to both applications."""
    waiting = Waiting(app, engine, ada)
    end = waiting.end_grant

    async def end_in_both() -> None:
        await end()
        sdk_app.state.pubsub.grant_ended(ada.grant_id)

    waiting.end_grant = end_in_both
    yield waiting


@pytest.mark.proves("rs-ended-while-waiting")
@pytest.mark.parametrize(("tool", "arguments"), WRITES, ids=IDS)
async def test_a_person_who_is_removed_or_made_a_viewer_meanwhile_stores_nothing(
    waiting: Waiting, client: McpClient, tool: str, arguments: dict[str, Any]
) -> None:
    before = await waiting.stored()

    async def make_viewer() -> None:
        await waiting.change_membership("UPDATE memberships SET role = 'viewer'")

    async def remove() -> None:
        await waiting.change_membership("DELETE FROM memberships")

    response = await waiting.call_behind_another(client, tool, arguments, make_viewer)
    assert '"code":"role"' in response.json()["result"]["content"][0]["text"].replace(" ", "")
    await waiting.change_membership("UPDATE memberships SET role = 'owner'")
    response = await waiting.call_behind_another(client, tool, arguments, remove)
    assert response.status_code == 401, "it was the only household"
    assert await waiting.stored() == before


@pytest.mark.proves("rs-ended-while-waiting")
async def test_who_belongs_to_another_household_as_well_writes_to_neither(
    waiting: Waiting, http: httpx.AsyncClient, factory: Factory, ada: Connected
) -> None:
    _, cabin = await factory.person("Bob")
    await factory.join(ada.person, cabin, "editor")
    client = McpClient(http, (await factory.connect(ada.person, ada.household_id, cabin)).token)
    name = (await client.call("get_overview"))["household"]["name"]

    async def remove() -> None:
        await waiting.change_membership("DELETE FROM memberships")

    async def refused(**more: str) -> str:
        arguments = {"items": ["bread"], **more}
        response = await waiting.call_behind_another(client, "add_items", arguments, remove)
        await factory.join(ada.person, ada.household_id, "owner")
        waiting.app.state.pubsub.publish(MembersChanged(ada.household_id))
        return response.json()["result"]["content"][0]["text"].replace(" ", "")

    before = await waiting.stored()
    assert '"code":"not_found"' in await refused(household=name)
    assert '"code":"conflict"' in await refused(), "its default household is another one by now"
    assert await waiting.stored() == before
    assert (await client.call("list_items", household="Bob's household"))["items"] == []


async def test_who_waited_and_still_may_write_does(waiting: Waiting, client: McpClient) -> None:
    async def others_join() -> None:
        waiting.app.state.pubsub.publish(MembersChanged(waiting.ada.household_id))  # nothing is cached any more

    for tool, arguments in WRITES:
        response = await waiting.call_behind_another(client, tool, arguments, others_join)
        assert response.json()["result"]["isError"] is False


_TRANSACTIONS_THAT_WAIT = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'BEGIN; %'"
)
"""A statement of its own waits for 100 ms at most, and then there is a transaction."""


@pytest.mark.proves("rs-ended-while-waiting")
@pytest.mark.parametrize(("tool", "arguments"), WRITES, ids=IDS)
async def test_a_wait_for_the_lock_of_another_process_counts_too(
    waiting: Waiting,
    client: McpClient,
    database: DatabaseUrls,
    monkeypatch: pytest.MonkeyPatch,
    tool: str,
    arguments: dict[str, Any],
) -> None:
    before = await waiting.stored()
    monkeypatch.setattr(transactions, "PROMPT_SECONDS", 0)  # however short the wait is
    watcher = await connect(database.superuser)
    async with transaction(waiting.engine, waiting.ada.household_id) as holding:
        await holding.exec_driver_sql("UPDATE clocks SET rev = rev")

        async def until() -> None:
            while not await watcher.fetchval(_TRANSACTIONS_THAT_WAIT):
                pass

        async def release() -> None:
            await holding.exec_driver_sql("ROLLBACK")
            await holding.exec_driver_sql("BEGIN")

        response = await waiting.call(client, tool, arguments, until, waiting.end_grant, release)
    await watcher.close()
    assert response.status_code == 401
    assert await waiting.stored() == before


@pytest.mark.proves("rs-ended-while-waiting")
async def test_a_wait_for_a_connection_counts_too(
    waiting: Waiting, client: McpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await waiting.stored()
    monkeypatch.setattr(transactions, "PROMPT_SECONDS", 0)
    household_id = waiting.ada.household_id
    taken = [await transactions._share_of(household_id) for _ in range(CONNECTIONS.at_once)]  # pyright: ignore[reportPrivateUsage]

    async def until() -> None:
        while not transactions._writers.of(household_id).locked():  # pyright: ignore[reportPrivateUsage]
            await anyio.lowlevel.checkpoint()

    async def release() -> None:
        for each in taken:
            each.close()

    response = await waiting.call(client, "add_items", {"items": ["bread"]}, until, waiting.end_grant, release)
    assert response.status_code == 401
    assert await waiting.stored() == before
