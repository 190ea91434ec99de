"""Eight writers at once on one list, doing everything: nothing is lost, nothing waits for ever, nothing breaks."""

import asyncio
import json
import random
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from app.db import Engine
from tests.factory import Connected
from tests.lists.test_invariants import State, check_story, read_state
from tests.mcp.client import MODERN, McpClient
from tests.service import Service

pytestmark = pytest.mark.anyio

WRITERS = 8
CALLS = 25


@dataclass
class Writer:
    """One client, and what it knows it has done: how many grams it added, and which calls it can undo."""

    client: McpClient
    number: int
    dice: random.Random
    grams: int = 0
    undoable: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    revs: list[int] = field(default_factory=list[int])
    own: set[str] = field(default_factory=set[str])

    async def write(self) -> None:
        for call in range(CALLS):
            await self.dice.choice([self.add, self.add, self.undo, self.check, self.move, self.remove])(call)

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """What became of the entries of a call."""
        response = await self.client.send("tools/call", {"name": tool, "arguments": arguments})
        assert response.status_code == 200, response.text
        result = response.json()["result"]
        if result["isError"]:
            error = json.loads(result["content"][0]["text"])["error"]
            return {"results": error.get("results", [{"status": "failed", "error": error}])}
        answer = result["structuredContent"]
        if "undo_ref" in answer:
            self.revs.append(answer["rev"])
        return answer

    async def add(self, call: int) -> None:
        """More of a line that everybody adds to, and a thing of one's own."""
        grams = self.dice.randrange(1, 500)
        mine = f"thing {self.number} {call}"
        answer = await self.call("add_items", items=[f"{grams} g flour", mine, "1 bread"])
        assert answer["results"][0]["status"] in ("added", "merged")
        self.grams += grams
        self.own.add(answer["results"][1]["ref"])
        self.undoable.append((answer["undo_ref"], grams))

    async def undo(self, call: int) -> None:
        """Take back a call, an undo among them. Only what nobody changed since goes back; the answer says what did."""
        if not self.undoable:
            return await self.add(call)
        ref, grams = self.undoable.pop()
        answer = await self.call("undo", undo_ref=ref)
        flour = next((each for each in answer["results"] if each["name"] == "flour"), None)
        if flour is not None and flour["status"] == "undone":
            self.grams -= grams
            self.undoable.append((answer["undo_ref"], -grams))
        return None

    async def check(self, call: int) -> None:
        mine = self.dice.choice(sorted(self.own) or ["bread"])
        await self.call("check_items", items=["bread", mine], checked=self.dice.random() < 0.7, store="Market")

    async def move(self, call: int) -> None:
        items = [f"i{self.dice.randrange(1, 30)}" for _ in range(3)]
        where = self.dice.choice([{"to": "top"}, {"to": "bottom"}, {"to_list": "L1"}, {"to_list": "L2", "to": "top"}])
        await self.call("move_items", items=items, **where)

    async def remove(self, call: int) -> None:
        if self.own:
            await self.call("remove_items", items=[self.dice.choice(sorted(self.own))])


@pytest.fixture
async def web(service: Service) -> AsyncGenerator[httpx.AsyncClient]:
    """Connections to the service as it runs."""
    async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
        yield http


@pytest.mark.parametrize("seed", [1, 2])
async def test_eight_writers_doing_everything_lose_nothing(
    web: httpx.AsyncClient, ada: Connected, engine: Engine, seed: int
) -> None:
    client = McpClient(web, ada.token, MODERN)
    await client.call("save_list", name="Hardware")
    writers = [Writer(client, number, random.Random(seed * 100 + number)) for number in range(WRITERS)]
    await asyncio.gather(*(writer.write() for writer in writers))
    state = await read_state(engine, ada.household_id)
    flour = [item for item in state.items.values() if item.name == "flour" and item.deleted_at is None]
    assert sum(item.quantity.amount for item in flour if item.quantity) == sum(writer.grams for writer in writers)
    check_stored(state)
    revs = [rev for writer in writers for rev in writer.revs]
    assert len(revs) == len(set(revs)), "each call that changed something has a revision of its own"
    for writer in writers:
        assert writer.revs == sorted(writer.revs)
        assert writer.own <= {item.ref for item in state.items.values()}


def check_stored(state: State) -> None:
    """No two open lines are alike, order is total, and the events tell the whole story."""
    lines = [(item.list_id, item.name_key, item.measure, item.variant) for item in state.items.values() if item.is_open]
    assert len(lines) == len(set(lines))
    assert sorted(state.items) == sorted({item.no for item in state.items.values()})
    assert state.counts == state.counted()
    revs = [event[1] for event in state.events]
    assert revs == sorted(set(revs))
    check_story(state)
