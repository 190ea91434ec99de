"""Whose import is read when: one of a person at a time, in turns with those of others, and counted by its length."""

import asyncio
from collections.abc import AsyncGenerator
from uuid import UUID, uuid4

import httpx
import pytest
from starlette.applications import Starlette

from app.errors import Unavailable
from app.limits.defaults import CALLS, IMPORT_QUEUE, IMPORT_QUEUE_OF_PERSON
from app.limits.rate_limit import RateLimiter
from app.lists.importing.import_items import CHARACTERS_OF_CALL, ROWS_OF_CALL, Options, read_data
from app.lists.importing.models import MOST_ROWS, ImportRefused
from app.mcp.resources.sample import read_sample
from app.runtime.progress import Note, note_nothing
from app.settings import Settings
from tests.factory import Connected, Factory
from tests.mcp.client import McpClient
from tests.mcp.streaming import SECONDS

pytestmark = [pytest.mark.anyio, pytest.mark.own_database]

SAMPLE = read_sample({"rows": str(MOST_ROWS)})
ANYHOW = Options(skip=True, accept_repairs=True, dry_run=True)


@pytest.fixture
async def http(server: Starlette, settings: Settings) -> AsyncGenerator[httpx.AsyncClient]:
    """Calls the application over real connections."""
    async with httpx.AsyncClient(base_url=settings.public_url, timeout=SECONDS) as http:
        yield http


@pytest.fixture
async def eve(http: httpx.AsyncClient, factory: Factory) -> McpClient:
    """Somebody else, in a household of her own."""
    return McpClient(http, (await factory.connected("Eve")).token)


async def read(data: str, person_id: UUID, counted: list[int], note: Note = note_nothing) -> None:
    """Read data as a person's import does, without storing them."""

    async def count(calls: int) -> None:
        counted.append(calls)

    await read_data(data, None, ANYHOW, person_id, count, note)


@pytest.mark.proves("""rs-import-fair MUST own rule
    One person's imports don't keep those of others waiting.
    Here: Imports are read one a person, in parts that take turns; a person's others wait behind it, three in all.""")
@pytest.mark.processes
async def test_many_imports_of_one_person_delay_another_by_parts_of_one() -> None:
    ada, eve = uuid4(), uuid4()
    heard: list[tuple[str, int]] = []

    begins = asyncio.Event()

    def noting(name: str) -> Note:
        def note(progress: int, total: int, message: str) -> None:
            heard.append((name, progress))
            begins.set()

        return note

    async with asyncio.TaskGroup() as tasks:
        for number in range(IMPORT_QUEUE_OF_PERSON.at_once):
            tasks.create_task(read(SAMPLE, ada, [], noting(f"Ada's {number}")))
        await begins.wait()
        await read("milk\n2 kg flour", eve, [], noting("Eve's"))
        begun = {name for name, _ in heard}
        parts = sum(name == "Ada's 0" for name, _ in heard)
    assert begun == {"Ada's 0", "Eve's"}
    assert parts <= 5, "Eve's import has three parts of its own"
    assert len({name for name, _ in heard}) == 1 + IMPORT_QUEUE_OF_PERSON.at_once


@pytest.mark.processes
async def test_more_than_a_few_imports_of_a_person_are_to_come_back_but_not_those_with_a_known_key(
    client: McpClient, eve: McpClient
) -> None:
    first = await client.call("import_items", data="milk", idempotency_key="done")
    busy = IMPORT_QUEUE_OF_PERSON.at_once
    async with asyncio.TaskGroup() as tasks:
        large = [tasks.create_task(client.call("import_items", data=SAMPLE, on_duplicate="skip")) for _ in range(busy)]
        await client.call("get_overview")
        refusal = await client.refusal("import_items", data="eggs")
        assert (refusal["code"], refusal["retry_after"]) == ("unavailable", 5)
        assert await client.call("import_items", data="milk", idempotency_key="done") == first
        other = await client.refusal("import_items", data="more milk", idempotency_key="done")
        assert (other["code"], other["field"]) == ("conflict", "idempotency_key")
        assert (await eve.call("import_items", data="eggs"))["counts"] == {"added": 1}
        assert not all(each.done() for each in large)
    assert (await client.call("import_items", data="eggs"))["counts"] == {"added": 1}


@pytest.mark.processes
async def test_the_queue_of_all_is_short() -> None:
    """One more than there is room for is refused at once, whoever sent it; the others are read."""
    waiting = IMPORT_QUEUE.at_once
    results = await asyncio.gather(*(read(SAMPLE, uuid4(), []) for _ in range(waiting + 1)), return_exceptions=True)
    refused = [each for each in results if each is not None]
    assert [type(each) for each in refused] == [Unavailable]
    assert results[-1] is refused[0]
    await read("milk", uuid4(), [])


@pytest.mark.parametrize(
    ("data", "calls"),
    [
        ("milk", 0),
        ("milk\n" * ROWS_OF_CALL, 0),
        ("milk\n" * (ROWS_OF_CALL + 1), 1),
        (SAMPLE, MOST_ROWS // ROWS_OF_CALL - 1),
        ("milk" + "\n" * (CHARACTERS_OF_CALL - 4), 0),
        ("milk" + "\n" * (3 * CHARACTERS_OF_CALL), 3),
        (("x" * 1000 + "\n") * 100, 5),
        ("{" * CHARACTERS_OF_CALL * 2, 1),
    ],
)
async def test_rows_count_as_calls_and_so_do_characters_if_that_is_more(data: str, calls: int) -> None:
    counted: list[int] = []
    try:
        await read(data, uuid4(), counted)
    except ImportRefused:
        assert data.startswith("{")
    assert sum(counted) == calls
    assert all(counted)


async def test_an_import_uses_up_the_calls_of_its_grant(server: Starlette, client: McpClient, ada: Connected) -> None:
    authenticator = server.state.endpoints._authenticator
    authenticator._limiter = RateLimiter(rates={CALLS: 10})
    data = "\n".join(f"thing {number}" for number in range(5 * ROWS_OF_CALL))
    assert (await client.call("import_items", data=data))["counts"] == {"added": 5 * ROWS_OF_CALL}
    refusal = await client.refusal("import_items", data=data + "\n" + data)
    assert refusal["code"] == "limit"
    assert refusal["retry_after"] > 0
    assert (await client.call("list_items", limit=1))["rev"]
