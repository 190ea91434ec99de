"""Five thousand rows over real connections: what is heard meanwhile, who is served beside, and what a cut one does."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from app.lists.importing.models import MOST_ROWS
from app.mcp.resources.sample import read_sample
from app.runtime.progress import STEP
from app.settings import Settings
from tests.mcp.client import McpClient
from tests.mcp.streaming import SECONDS
from tests.mcp.test_thousands_of_items import longest_stretch

pytestmark = [pytest.mark.anyio, pytest.mark.own_database, pytest.mark.processes]

SAMPLE = read_sample({"rows": str(MOST_ROWS)})
LINES = "\n".join(
    f"- [{'x' if number % 3 == 0 else ' '}] {number % 7 + 1} kg thing {number}" for number in range(MOST_ROWS)
)
OBJECTS = json.dumps([{"name": f"thing {number}", "quantity": 2, "unit": "kg"} for number in range(MOST_ROWS)])
ASKING = {"progressToken": "p1"}


@pytest.fixture
async def http(server: Starlette, settings: Settings) -> AsyncGenerator[httpx.AsyncClient]:
    """Calls the application over real connections."""
    async with httpx.AsyncClient(base_url=settings.public_url, timeout=SECONDS) as http:
        yield http


def importing(client: McpClient, data: str, **arguments: Any) -> AsyncGenerator[dict[str, Any]]:
    """The messages of an import, as they come."""
    return calling(client, "import_items", data=data, **arguments)


async def calling(client: McpClient, tool: str, **arguments: Any) -> AsyncGenerator[dict[str, Any]]:
    """The messages of a call that asks for progress, as they come."""
    params = {"name": tool, "arguments": arguments, "_meta": ASKING}
    message = client.message("tools/call", params)
    headers = client.headers("tools/call", tool)
    async with client.http.stream("POST", client.path, json=message, headers=headers) as response:
        assert response.headers["content-type"] == "text/event-stream"
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


async def count(client: McpClient) -> int:
    """How many items the household's list has."""
    (shown,) = (await client.call("get_overview"))["lists"]
    return shown["open"] + shown["checked"]


@pytest.mark.parametrize("data", [SAMPLE, LINES, OBJECTS], ids=["csv", "text", "json"])
async def test_thousands_of_rows_are_imported_and_the_progress_is_reported(each_era: McpClient, data: str) -> None:
    *reports, answer = [message async for message in importing(each_era, data)]
    params = [report["params"] for report in reports]
    assert {report["method"] for report in reports} == {"notifications/progress"}
    assert {(each["progressToken"], each["total"]) for each in params} == {("p1", 2 * MOST_ROWS)}
    assert [each["progress"] for each in params] == list(range(0, 2 * MOST_ROWS, STEP))
    assert params[1]["message"] == "500 of 5,000 rows read"
    assert params[-1]["message"] == "4,500 of 5,000 rows planned"
    assert answer["result"]["structuredContent"]["counts"] == {"added": MOST_ROWS}
    assert await count(each_era) == MOST_ROWS


async def test_a_long_undo_reports_its_progress_and_a_short_one_does_not(each_era: McpClient) -> None:
    imported = await each_era.call("import_items", data=SAMPLE)
    added = await each_era.call("add_items", items=["something else"])
    *reports, answer = [message async for message in calling(each_era, "undo", undo_ref=imported["undo_ref"])]
    params = [report["params"] for report in reports]
    assert [(each["progress"], each["total"]) for each in params] == [
        (progress, 2 * MOST_ROWS) for progress in range(0, 2 * MOST_ROWS, STEP)
    ]
    assert params[1]["message"] == "500 of 5,000 changes read"
    assert params[-1]["message"] == "4,500 of 5,000 items planned"
    assert answer["result"]["structuredContent"]["counts"] == {"undone": MOST_ROWS}
    assert await count(each_era) == 1
    message = {"name": "undo", "arguments": {"undo_ref": added["undo_ref"]}, "_meta": ASKING}
    response = await each_era.send("tools/call", message)
    assert "notifications/progress" not in response.text
    assert await count(each_era) == 0


async def test_an_undo_of_several_calls_reports_numbers_that_grow(each_era: McpClient) -> None:
    refs: list[str] = []
    for start in (0, 400, 800):
        data = "\n".join(f"thing {number}" for number in range(start, start + 400))
        refs.append((await each_era.call("import_items", data=data))["undo_ref"])
    skipped = ["thing 900", "thing 901"]
    messages = calling(each_era, "undo", undo_refs=refs, **{"except": skipped})
    *reports, answer = [message async for message in messages]
    assert answer["result"]["structuredContent"]["counts"] == {"undone": 1_198}
    params = [report["params"] for report in reports]
    assert [each["progress"] for each in params] == [0, 400, 800, 1_200, 1_600, 2_000]
    assert {each["total"] for each in params} == {2_400}
    assert await count(each_era) == len(skipped)


async def test_an_undo_whose_connection_is_cut_is_done_as_a_whole_or_not_at_all(
    each_era: McpClient, settings: Settings
) -> None:
    imported = await each_era.call("import_items", data=SAMPLE)
    async with httpx.AsyncClient(base_url=settings.public_url, timeout=SECONDS) as cut:
        client = McpClient(cut, each_era.token, each_era.era)
        messages = calling(client, "undo", undo_ref=imported["undo_ref"], idempotency_key="once")
        for _ in range(8):
            await anext(messages)
        await messages.aclose()
    assert await count(each_era) in (0, MOST_ROWS), "all or nothing"
    undone = await each_era.call("undo", undo_ref=imported["undo_ref"], idempotency_key="once")
    assert undone["counts"] == {"undone": MOST_ROWS}
    assert await count(each_era) == 0


async def test_who_does_not_ask_is_told_nothing(client: McpClient) -> None:
    response = await client.send("tools/call", {"name": "import_items", "arguments": {"data": "milk"}})
    assert response.headers["content-type"] == "application/json"
    assert response.json()["result"]["structuredContent"]["counts"] == {"added": 1}


async def test_an_import_pauses_for_others(client: McpClient) -> None:
    for counts in ({"added": MOST_ROWS}, {"merged": MOST_ROWS}):
        with longest_stretch() as longest:
            imported = await client.call("import_items", data=SAMPLE)
        assert imported["counts"] == counts
        assert 0 < longest[-1] < MOST_ROWS / 2


@pytest.mark.proves("""rs-import-atomic MUST own rule
    An import whose connection is cut is stored as a whole or not at all, and once if it is repeated with its key.
    Here: All rows are stored in one transaction with the answer that the key repeats.""")
@pytest.mark.parametrize("heard", [1, 5, 12, 19])
async def test_a_connection_that_is_cut_loses_and_doubles_nothing(
    each_era: McpClient, settings: Settings, heard: int
) -> None:
    """Cut after so many reports; with the key, the same call stores what is not stored yet, and answers the first."""
    client = each_era
    async with httpx.AsyncClient(base_url=settings.public_url, timeout=SECONDS) as cut:
        messages = importing(McpClient(cut, client.token, client.era), SAMPLE, idempotency_key="once")
        for _ in range(heard):
            await anext(messages)
        await messages.aclose()
    assert await count(client) in (0, MOST_ROWS), "all or nothing"
    again = await client.call("import_items", data=SAMPLE, idempotency_key="once")
    assert again["counts"] == {"added": MOST_ROWS}
    assert await count(client) == MOST_ROWS
    assert await client.call("import_items", data=SAMPLE, idempotency_key="once") == again
    assert await count(client) == MOST_ROWS
    events = (await client.call("get_activity", kind="import_items"))["events"]
    assert [event["undo_ref"] for event in events] == [again["undo_ref"]]


async def test_two_imports_at_once_with_one_key_are_one(client: McpClient) -> None:
    calls = [client.call("import_items", data=SAMPLE, idempotency_key="once") for _ in range(2)]
    first, second = await asyncio.gather(*calls)
    assert first == second
    assert await count(client) == MOST_ROWS


async def test_a_large_import_is_undone(client: McpClient) -> None:
    imported = await client.call("import_items", data=LINES)
    undone = await client.call("undo", undo_ref=imported["undo_ref"])
    assert undone["counts"] == {"undone": MOST_ROWS}
    assert await count(client) == 0
    refusal = await client.refusal("import_items", data=SAMPLE + "more,,,,,,\n")
    assert refusal["faults"][0]["line"] == MOST_ROWS + 2
