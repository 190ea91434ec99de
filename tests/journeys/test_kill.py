"""kill -9 of the service between adds and during one: what was acknowledged is there, and nothing is half there."""

import random
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

import anyio
import asyncpg
import httpx
import pytest

from tests.db.embedded_service import servers_of
from tests.journeys.person import SECONDS
from tests.journeys.product import Product, kill
from tests.mcp.client import McpClient
from tests.oauth.tokens import tokens_for
from tests.service import Service

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

CONNECTIONS: Final = 4
ROUNDS: Final = 3
MOST_ADDS: Final = 40
"""Adds acknowledged before a kill; the moment is drawn anew each time."""


@dataclass
class Ledger:
    """What several connections sent, what of it was acknowledged, and the refusals."""

    sent: list[list[str]] = field(default_factory=list[list[str]])
    acknowledged: list[list[str]] = field(default_factory=list[list[str]])
    refused: list[str] = field(default_factory=list[str])
    _awaited: dict[int, anyio.Event] = field(default_factory=dict[int, anyio.Event])

    def acknowledge(self, names: list[str]) -> None:
        """Note an answer."""
        self.acknowledged.append(names)
        if (event := self._awaited.get(len(self.acknowledged))) is not None:
            event.set()

    def event_after(self, adds: int) -> anyio.Event:
        """Set when so many more have been acknowledged."""
        return self._awaited.setdefault(len(self.acknowledged) + adds, anyio.Event())


@pytest.fixture
def installed(tmp_path: Path) -> Generator[Product]:
    """A product of the test's own, not started yet."""
    with Product(tmp_path / "data") as product:
        yield product


@asynccontextmanager
async def connected(product: Product, token: str) -> AsyncGenerator[McpClient]:
    """A bare client on a connection of its own."""
    async with httpx.AsyncClient(base_url=product.url, timeout=SECONDS) as http:
        yield McpClient(http, token)


@asynccontextmanager
async def superuser(product: Product) -> AsyncGenerator[asyncpg.Connection]:
    """A connection that sees every household."""
    connection = await asyncpg.connect(product.database().superuser.replace("+asyncpg", ""))
    try:
        yield connection
    finally:
        await connection.close()


async def token_of_a_person(product: Product) -> str:
    """An access token of someone who has just signed up."""
    async with httpx.AsyncClient(base_url=product.url, timeout=SECONDS) as http:
        return (await tokens_for(http, product.url, "ada@example.org"))["access_token"]


async def names_on_the_list(product: Product, token: str) -> set[str]:
    """The names of all open items."""
    names: set[str] = set()
    cursor: dict[str, str] | None = {}
    async with connected(product, token) as client:
        while cursor is not None:
            page = await client.call("list_items", limit=200, **cursor)
            names.update(item["name"] for item in page["items"])
            cursor = {"cursor": page["next_cursor"]} if "next_cursor" in page else None
    return names


async def add_until_the_end(product: Product, token: str, who: str, ledger: Ledger) -> None:
    """Add again and again until the service is gone."""
    async with connected(product, token) as client:
        for number in count():
            names = [f"{who} {number} {part}" for part in ("red", "green", "blue")]
            ledger.sent.append(names)
            try:
                answer = await client.send("tools/call", {"name": "add_items", "arguments": {"items": names}})
            except httpx.TransportError:
                return
            if answer.status_code == 200 and not answer.json()["result"].get("isError"):
                ledger.acknowledge(names)
            else:
                ledger.refused.append(answer.text)


async def assert_items_and_events_agree(product: Product) -> None:
    """Each item was made by exactly one event, no event is without its items, and the clock has counted both."""
    async with superuser(product) as connection:
        made = await connection.fetch(
            """
            SELECT (change ->> 'item')::int AS no, change -> 'after' ->> 'name' AS name, rev
            FROM events, jsonb_array_elements(changes) AS change ORDER BY no
            """
        )
        items = await connection.fetch("SELECT no, name, rev FROM items ORDER BY no")
        events = await connection.fetchval("SELECT array_agg(no ORDER BY no) FROM events")
        clock = await connection.fetchrow("SELECT next_item, next_event FROM clocks")
    assert [tuple(row) for row in items] == [tuple(row) for row in made]
    assert [row["no"] for row in items] == [*range(1, len(items) + 1)]
    assert (events or []) == [*range(1, len(events or []) + 1)]
    assert clock is not None
    assert tuple(clock) == (len(items) + 1, len(events or []) + 1)


@pytest.mark.parametrize("with_database", [False, True], ids=["service", "service-and-database"])
async def test_what_was_acknowledged_is_there_after_kill_nine(installed: Product, with_database: bool) -> None:
    service = installed.start()
    token = await token_of_a_person(installed)
    ledger = Ledger()
    for number in range(ROUNDS):
        enough = ledger.event_after(random.randint(1, MOST_ADDS))
        async with anyio.create_task_group() as shoppers:
            for connection in range(CONNECTIONS):
                shoppers.start_soon(add_until_the_end, installed, token, f"item {number} {connection}", ledger)
            with anyio.fail_after(SECONDS):
                await enough.wait()
            for server in servers_of(installed.data_dir) if with_database else []:
                server.kill()
            kill(service)
        service = installed.start()
        listed = await names_on_the_list(installed, token)
        # Between the end of the database and its own, the service may say that it can't do it now, or doesn't know.
        expected = ("can't be reached", "not known whether the change was saved") if with_database else ()
        assert [text for text in ledger.refused if not any(words in text for words in expected)] == []
        assert {name for call in ledger.acknowledged for name in call} <= listed
        assert [call for call in ledger.sent if len(listed.intersection(call)) not in (0, len(call))] == []
        assert listed <= {name for call in ledger.sent for name in call}
        await assert_items_and_events_agree(installed)
    assert service.stop() == 0
    installed.assert_nothing_runs()


async def cut_off(product: Product, token: str, service: Service, **arguments: Any) -> None:
    """Kill the service while an add is in the middle of its transaction, waiting for the household's write lock."""

    async def add() -> None:
        async with connected(product, token) as client:
            with pytest.raises(httpx.TransportError):
                await client.call("add_items", **arguments)

    async with superuser(product) as holder, superuser(product) as watcher:
        await holder.execute("BEGIN; SELECT FROM clocks FOR UPDATE")
        async with anyio.create_task_group() as calls:
            calls.start_soon(add)
            with anyio.fail_after(SECONDS):
                while not await watcher.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                    pass
            kill(service)
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError):  # the database may have ended first
            await holder.execute("ROLLBACK")


async def test_an_add_that_was_cut_off_did_nothing_and_is_done_once_when_sent_again(installed: Product) -> None:
    service = installed.start()
    token = await token_of_a_person(installed)
    arguments = {"items": ["milk", "2 kg flour"], "idempotency_key": "one call"}
    await cut_off(installed, token, service, **arguments)
    installed.start()
    assert await names_on_the_list(installed, token) == set()
    await assert_items_and_events_agree(installed)
    async with connected(installed, token) as client:
        first, second = [await client.call("add_items", **arguments) for _ in range(2)]
    assert first == second
    assert first["counts"] == {"added": 2}
    assert await names_on_the_list(installed, token) == {"milk", "flour"}
    await assert_items_and_events_agree(installed)
