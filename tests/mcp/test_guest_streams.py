"""Streams of guests: they tell of one list, and end with the link, whichever process ends it."""

from collections.abc import AsyncGenerator, Awaitable, Callable

import httpx
import pytest
from starlette.applications import Starlette

from app.settings import Settings
from tests.factory import Connected, Factory
from tests.guests import Guest, share
from tests.mcp.client import McpClient
from tests.mcp.conftest import http_to
from tests.mcp.streaming import SECONDS, follow, on_its_port
from tests.service import Service, free_port, running_service

pytestmark = [pytest.mark.anyio, pytest.mark.processes]


@pytest.fixture
async def port(settings: Settings) -> AsyncGenerator[httpx.AsyncClient]:
    """Real connections to an application that is not the one of `http`: the guest's."""
    async with on_its_port(settings), httpx.AsyncClient(base_url=settings.public_url, timeout=SECONDS) as http:
        yield http


@pytest.fixture
async def client(app: Starlette, settings: Settings, ada: Connected) -> AsyncGenerator[McpClient]:
    """Ada, at another process than her guest; Groceries is shared, Hardware is not."""
    async with http_to(app, settings) as http:
        client = McpClient(http, ada.token)
        await client.call("save_list", name="Hardware")
        yield client


async def uri_of(guest: McpClient) -> str:
    return (await guest.result("resources/list"))["resources"][0]["uri"]


async def test_a_guest_hears_of_their_list_and_of_no_other(client: McpClient, port: httpx.AsyncClient) -> None:
    guest = await Guest(port, await share(client, can_tick=True)).client()
    uri = await uri_of(guest)
    async with follow(guest, uri, listing=True) as following:
        await client.call("add_items", items=["saw"], list="Hardware")
        await client.call("save_list", list="Hardware", name="Tools")
        await client.call("add_items", items=["milk"], list="L1")
        assert await following.event() == ("notifications/resources/updated", uri)


Ending = Callable[[McpClient], Awaitable[object]]


async def _revoke(client: McpClient) -> None:
    await client.call("update_member", person="Grandma", role="remove")


async def _delete(client: McpClient) -> None:
    await client.call("delete_list", list="L1", confirm_name="Groceries")


async def _undo(client: McpClient) -> None:
    events = (await client.call("get_activity", kind="save_list"))["events"]
    await client.call("undo", undo_ref=events[0]["undo_ref"])


@pytest.mark.proves("gu-ends")
@pytest.mark.parametrize("end", [_revoke, _delete])
async def test_what_ends_a_link_ends_its_stream_in_another_process(
    client: McpClient, port: httpx.AsyncClient, end: Ending
) -> None:
    guest = await Guest(port, await share(client, list="L1")).client()
    other = await Guest(port, await share(client, "Bo", list="Hardware")).client()
    uri, kept = await uri_of(guest), await uri_of(other)
    async with follow(guest, uri) as ending, follow(other, kept) as going_on:
        await end(client)
        assert set(await ending.uris_to_the_end()) <= {uri}
        await client.call("add_items", items=["saw"], list="Hardware")
        assert await going_on.uri() == kept


@pytest.mark.proves("gu-ends")
async def test_undoing_the_creation_of_a_list_ends_the_streams_of_its_guests(
    client: McpClient, port: httpx.AsyncClient
) -> None:
    guest = await Guest(port, await share(client, list="Hardware")).client()
    async with follow(guest, await uri_of(guest)) as ending:
        await _undo(client)
        await ending.uris_to_the_end()


@pytest.mark.proves("gu-ends")
async def test_the_stream_of_a_guest_ends_with_the_membership_of_who_let_them_in(
    client: McpClient, port: httpx.AsyncClient, factory: Factory, ada: Connected
) -> None:
    bob, _ = await factory.person("Bob")
    await factory.join(bob, ada.household_id, "editor")
    theirs = McpClient(client.http, (await factory.connect(bob, ada.household_id)).token)
    guest = await Guest(port, await share(theirs)).client()
    async with follow(guest, await uri_of(guest)) as ending:
        await client.call("update_member", person="Bob", role="remove")
        assert await ending.uris_to_the_end() == []


@pytest.mark.processes
@pytest.mark.proves("gu-ends")
async def test_a_link_that_is_ended_at_one_process_ends_calls_and_streams_at_another(
    ada: Connected, settings: Settings, service: Service
) -> None:
    second = settings.model_copy(update={"port": free_port()})
    headers = {"Host": settings.public_parts.netloc}
    transport = httpx.AsyncHTTPTransport(retries=8)
    with running_service(second):
        async with (
            httpx.AsyncClient(base_url=settings.public_url, timeout=SECONDS) as here,
            httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{second.port}", headers=headers, timeout=SECONDS, transport=transport
            ) as there,
        ):
            client = McpClient(here, ada.token)
            guest = await Guest(there, await share(client)).client()
            async with follow(guest, await uri_of(guest)) as ending:
                await client.call("update_member", person="Grandma", role="remove")
                assert await ending.uris_to_the_end() == []
            assert (await guest.send("tools/call", {"name": "list_items", "arguments": {}})).status_code == 401
