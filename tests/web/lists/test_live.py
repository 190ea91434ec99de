"""Open pages hear of changes, from whomever, as long as their person may see the list."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import anyio
import pytest
from starlette.applications import Starlette

from app.db import Engine, transaction
from app.main import create_app
from app.people.session_repository import close_all_sessions
from app.settings import Settings
from app.web.lists import streams
from tests.factory import Connected
from tests.mcp.client import McpClient
from tests.mcp.conftest import http_to
from tests.web.lists.conftest import Member
from tests.web.lists.pages import ListBrowser
from tests.web.lists.streaming import SECONDS, following

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def another_process(settings: Settings) -> AsyncGenerator[Starlette]:
    """A second application on the same database, with a connection of its own for notifications."""
    application = create_app(settings)
    async with application.router.lifespan_context(application):
        yield application


async def test_a_change_of_an_assistant_is_told_with_the_revision_of_the_list(
    app: Starlette, anna: ListBrowser, assistant: McpClient
) -> None:
    async with following(app, anna) as page:
        assert (page.status, page.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert page.headers["cache-control"] == "no-store"
        assert await page.next() == "retry: 2000"
        assert await page.next_event() == "changed 0"
        added = await assistant.call("add_items", items=["milk"])
        assert await page.next_event() == f"changed {added['rev']}"
        checked = await assistant.call("check_items", items=["milk"])
        assert await page.next_event() == f"changed {checked['rev']}"


async def test_a_change_in_another_process_is_told_too(
    app: Starlette, anna: ListBrowser, settings: Settings, ada: Connected
) -> None:
    async with another_process(settings) as other, http_to(other, settings) as http, following(app, anna) as page:
        assert await page.next_event() == "changed 0"
        added = await McpClient(http, ada.token).call("add_items", items=["milk"])
        assert await page.next_event() == f"changed {added['rev']}"


async def test_a_change_of_another_list_is_not_told(app: Starlette, anna: ListBrowser, assistant: McpClient) -> None:
    await assistant.call("save_list", name="Hardware")
    async with following(app, anna) as page:
        first = await page.next_event()
        await assistant.call("add_items", items=["saw"], list="Hardware")
        added = await assistant.call("add_items", items=["milk"])
        assert await page.next_event() == f"changed {added['rev']}" != first


@pytest.mark.proves("""li-live MUST own rule
    Nobody hears of the changes of a list who may not see it any more.
    Here: Session, membership and list are read again before each event, and at every heartbeat.""")
async def test_a_stream_ends_when_its_person_is_removed(app: Starlette, member: Member, assistant: McpClient) -> None:
    async with member("viewer") as ben, following(app, ben) as page:
        assert await page.next_event() == "changed 0"
        await assistant.call("update_member", person="Ben", role="remove")
        assert await page.next_event() == "ended 0"
        assert await page.next() == ""


@pytest.mark.proves("li-live")
async def test_a_stream_ends_before_the_next_event_when_its_person_has_signed_out(
    app: Starlette, anna: ListBrowser, assistant: McpClient, engine: Engine, ada: Connected
) -> None:
    async with following(app, anna) as page:
        assert await page.next_event() == "changed 0"
        async with transaction(engine) as connection:
            await close_all_sessions(connection, ada.person.id)
        await assistant.call("add_items", items=["milk"])
        assert await page.next_event() == "ended 0"


@pytest.mark.proves("li-live")
@pytest.mark.own_app
async def test_a_stream_without_changes_is_proven_at_every_heartbeat(
    app: Starlette, anna: ListBrowser, engine: Engine, ada: Connected
) -> None:
    app.state.list_streams.heartbeat_seconds = 0.05
    async with following(app, anna) as page:
        assert await page.next_event() == "changed 0"
        assert await page.next() == ": still here"
        async with transaction(engine) as connection:
            await close_all_sessions(connection, ada.person.id)
        assert await page.next_event() == "ended 0"


async def test_an_editor_who_becomes_a_viewer_and_a_deleted_list_end_it(
    app: Starlette, anna: ListBrowser, member: Member, assistant: McpClient
) -> None:
    await assistant.call("save_list", name="Party")
    async with member("editor") as ben, following(app, ben) as page, following(app, anna, "L2") as party:
        assert await page.next_event() == "changed 0"
        await party.next_event()
        await assistant.call("update_member", person="Ben", role="viewer")
        assert await page.next_event() == "ended 0"
        await assistant.call("delete_list", list="Party", confirm_name="Party")
        assert await party.next_event() == "ended 0"


async def test_pages_that_are_open_are_counted_and_a_closed_one_makes_room(
    app: Starlette, anna: ListBrowser, member: Member
) -> None:
    async with AsyncExitStack() as pages:
        for _ in range(streams.STREAMS_PER_PERSON - 1):
            await pages.enter_async_context(following(app, anna))
        async with following(app, anna) as last:
            assert last.status == 200
            async with following(app, anna) as one_more:
                assert one_more.status == 429
                assert int(one_more.headers["retry-after"]) > 0
            async with member("viewer") as ben, following(app, ben) as other:
                assert other.status == 200
        async with following(app, anna) as again:
            assert again.status == 200


async def test_a_process_has_room_for_so_many(
    app: Starlette, anna: ListBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "STREAMS", 1)
    async with following(app, anna) as first, following(app, anna) as second:
        assert (first.status, second.status) == (200, 503)


@pytest.mark.proves("""li-streams MUST own rule
    Nobody can lock others out of what is followed, with however many pages or accounts.
    Here: If all places of a process are taken, a stream of the person with the most ends for somebody with fewer.""")
async def test_who_has_the_most_pages_open_makes_room_for_others(
    app: Starlette, anna: ListBrowser, member: Member, assistant: McpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "STREAMS", 3)
    async with AsyncExitStack() as pages:
        hers = [await pages.enter_async_context(following(app, anna)) for _ in range(3)]
        async with member("viewer") as ben, following(app, ben) as his, following(app, ben) as one_more:
            assert (his.status, one_more.status) == (200, 503)  # then each of them has about as many
            told = [await each.next_event() for each in (*hers, his)]
            assert told == ["changed 0"] * 4
            added = await assistant.call("add_items", items=["milk"])
            told = [await each.next_event() for each in (*hers, his)]
            assert sorted(told) == ["", *[f"changed {added['rev']}"] * 3]
            assert told[-1]


async def test_who_asks_for_the_headers_of_a_stream_opens_none(app: Starlette, anna: ListBrowser) -> None:
    address = f"/lists/L1/live?household={anna.household}"
    with anyio.fail_after(SECONDS):
        response = await anna.http.head(address)
        assert (response.status_code, response.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert (await anna.http.head(address.replace("L1", "L9"))).status_code == 404


@pytest.mark.own_app
async def test_a_service_that_stops_ends_its_streams_and_opens_no_more(app: Starlette, anna: ListBrowser) -> None:
    async with following(app, anna) as page:
        assert await page.next_event() == "changed 0"
        app.state.list_streams.close()
        assert await page.next() == ""
    async with following(app, anna) as late:
        assert late.status == 503
