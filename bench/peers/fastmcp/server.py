"""The peer in FastMCP: `python server.py`, with PORT, DATABASE_URL, ISSUER, RESOURCE, JWKS_URL and POOL_SIZE.

As its documentation has it: tools as functions with typed results, its own JWT verifier with the cached key set,
stateless HTTP with JSON answers, uvicorn with uvloop and httptools, a pool of connections with prepared statements.
It does what the limit does: no parsing of phrases, no merging, no revocation, no events.

It runs in a virtual environment of its own, and imports nothing of the project.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import uvicorn
import uvloop
from fastmcp import FastMCP
from fastmcp.server.auth.providers.jwt import JWTVerifier
from fastmcp.server.dependencies import get_access_token
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

STATEMENTS = Path(__file__).parents[2] / "statements"


class Added(BaseModel):
    """What became of an item."""

    ref: str
    name: str
    status: str


class AddResult(BaseModel):
    """What became of the items."""

    results: list[Added]


class Item(BaseModel):
    """An item of the list."""

    ref: str
    name: str
    quantity: float
    unit: str | None = None
    category: str | None = None
    note: str | None = None
    store: str | None = None
    assignee_id: UUID | None = None
    priority: str | None = None


class ListResult(BaseModel):
    """The items of the list."""

    items: list[Item]


@dataclass(frozen=True, slots=True)
class Shopper:
    """A household and its list."""

    household_id: UUID
    list_id: UUID


class Shop:
    """The two tools."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._shoppers: dict[str, Shopper] = {}
        self._numbers = count(1)
        self._add_item = (STATEMENTS / "add_item.sql").read_text()
        self._list_items = (STATEMENTS / "list_items.sql").read_text()

    async def add_items(self, name: str, measure: str, amount: float, unit: str) -> AddResult:
        """Adds an item to the list."""
        shopper = await self._shopper()
        wanted = (name, measure, amount, unit)
        row = await self._pool.fetchrow(
            self._add_item, shopper.household_id, uuid4(), shopper.list_id, next(self._numbers), *wanted
        )
        return AddResult(results=[Added(ref=f"i{row['no']}", name=row["name"], status="added")])

    async def list_items(self) -> ListResult:
        """Shows the open items of the list."""
        shopper = await self._shopper()
        rows = await self._pool.fetch(self._list_items, shopper.household_id, shopper.list_id)
        return ListResult(items=[_item(row) for row in rows])

    async def _shopper(self) -> Shopper:
        grant_id = get_access_token().claims["gid"]
        known = self._shoppers.get(grant_id)
        if known is None:
            household_id = await self._pool.fetchval((STATEMENTS / "household.sql").read_text(), UUID(grant_id))
            list_id = await self._pool.fetchval((STATEMENTS / "first_list.sql").read_text(), household_id)
            known = self._shoppers[grant_id] = Shopper(household_id, list_id)
        return known


def _item(row: asyncpg.Record) -> Item:
    values = dict(row)
    return Item(ref=f"i{values.pop('no')}", quantity=float(values.pop("amount")), **values)


async def ready(request: Request) -> Response:
    """Answers once the server serves."""
    return PlainTextResponse("ok\n")


async def keep(connection: object) -> None:
    """Nothing to reset between uses: the context ends with its statement."""


async def serve() -> None:
    """Serve until a signal."""
    size = int(os.environ["POOL_SIZE"])
    pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=size, max_size=size, reset=keep)
    shop = Shop(pool)

    @asynccontextmanager
    async def lifespan(server: FastMCP) -> AsyncIterator[None]:
        yield
        await pool.close()

    verifier = JWTVerifier(
        jwks_uri=os.environ["JWKS_URL"],
        issuer=os.environ["ISSUER"],
        audience=os.environ["RESOURCE"],
        algorithm="ES256",
    )
    server = FastMCP("peer", auth=verifier, lifespan=lifespan)
    server.tool(shop.add_items)
    server.tool(shop.list_items)
    server.custom_route("/readyz", methods=["GET"])(ready)
    app = server.http_app(stateless_http=True, json_response=True)
    config = uvicorn.Config(
        app,
        "127.0.0.1",
        int(os.environ["PORT"]),
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
