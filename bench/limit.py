"""The limit: the least code that does the same work, `python -m bench.limit`, with the settings of the service.

A plain Starlette application over an asyncpg pool: the same tokens (each verified once) and the same tables under
row-level security, as the same role. It has no protocol, no validation, no revocation and no events.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from time import time
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from uuid import UUID

import asyncpg
import jwt
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from app.db import new_id
from app.db.engine import POOL_SIZE
from app.mcp.catalogue import TOOLS
from app.oauth.signing.key_ring import ALGORITHM
from app.settings import Settings, load_settings
from bench.statements import statement

if TYPE_CHECKING:
    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]  # generic in its stubs only

KEYS: Final = "SELECT kid, public_jwk FROM signing_keys"


@dataclass(frozen=True, slots=True)
class Shopper:
    """The household and list behind a token, and when the token expires."""

    household_id: UUID
    list_id: UUID
    expires_at: int


class Tokens:
    """Verified tokens, cached by their SHA-256."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[bytes, Shopper] = {}

    async def shopper(self, request: Request, pool: "Pool") -> Shopper:
        """Return the person behind the request. Raises `jwt.PyJWTError` for an invalid token."""
        token = request.headers["authorization"].removeprefix("Bearer ")
        digest = sha256(token.encode()).digest()
        known = self._known.get(digest)
        if known is None or known.expires_at < time():
            known = self._known[digest] = await self._verify(token, pool)
        return known

    async def _verify(self, token: str, pool: "Pool") -> Shopper:
        keys = {row["kid"]: json.loads(row["public_jwk"]) for row in await pool.fetch(KEYS)}
        key = jwt.PyJWK.from_dict(keys[jwt.get_unverified_header(token)["kid"]], ALGORITHM)
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=[ALGORITHM], audience=self._settings.resource, issuer=self._settings.issuer
        )
        household_id = await pool.fetchval(statement("household"), UUID(claims["gid"]))
        return Shopper(household_id, await pool.fetchval(statement("first_list"), household_id), claims["exp"])


class Shop:
    """The endpoints."""

    def __init__(self, pool: "Pool", tokens: Tokens) -> None:
        self._pool = pool
        self._tokens = tokens
        self._numbers = count(1)
        self._add_item, self._list_items = statement("add_item"), statement("list_items")
        self._merge_item, self._update_item = statement("merge_item"), statement("update_item")
        self._check_item = statement("check_item")
        self._tools = [tool.definition.model_dump(by_alias=True, exclude_none=True) for tool in TOOLS]

    async def add_items(self, request: Request) -> Response:
        """Insert one item."""
        shopper = await self._tokens.shopper(request, self._pool)
        item = await request.json()
        values = (item["name"], item["measure"], item["amount"], item["unit"])
        row = await self._pool.fetchrow(
            self._add_item, shopper.household_id, new_id(), shopper.list_id, next(self._numbers), *values
        )
        assert row is not None
        return JSONResponse({"results": [{"ref": f"i{row['no']}", "name": row["name"], "status": "added"}]})

    async def merge_items(self, request: Request) -> Response:
        """Add to the amount of an item."""
        return await self._change(request, self._merge_item, "amount", lambda item: "merged")

    async def update_items(self, request: Request) -> Response:
        """Overwrite the amount of an item."""
        return await self._change(request, self._update_item, "amount", lambda item: "updated")

    async def check_items(self, request: Request) -> Response:
        """Check an item, or uncheck it."""
        return await self._change(
            request, self._check_item, "checked", lambda item: "checked" if item["checked"] else "unchecked"
        )

    async def list_items(self, request: Request) -> Response:
        """Return a page of open items."""
        shopper = await self._tokens.shopper(request, self._pool)
        await request.json()
        rows = await self._pool.fetch(self._list_items, shopper.household_id, shopper.list_id)
        return JSONResponse({"items": [_item(row) for row in rows]})

    async def list_tools(self, request: Request) -> Response:
        """Return the service's list of tools."""
        await self._tokens.shopper(request, self._pool)
        await request.json()
        return JSONResponse({"tools": self._tools})

    async def _change(
        self, request: Request, change: str, field: str, status: Callable[[Mapping[str, Any]], str]
    ) -> Response:
        shopper = await self._tokens.shopper(request, self._pool)
        item = await request.json()
        row = await self._pool.fetchrow(change, shopper.household_id, shopper.list_id, item["name"], item[field])
        assert row is not None
        return JSONResponse({"results": [{"ref": f"i{row['no']}", "name": row["name"], "status": status(item)}]})


def _item(row: asyncpg.Record) -> dict[str, object]:
    item: dict[str, object] = {"ref": f"i{row['no']}", "name": row["name"], "quantity": float(row["amount"])}
    for name in ("unit", "category", "note", "store", "assignee_id", "priority"):
        if row[name] is not None:
            item[name] = row[name]
    return item


def create_limit(pool: "Pool", settings: Settings) -> Starlette:
    """Return the application; it closes the pool when it stops."""
    shop = Shop(pool, Tokens(settings))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        yield
        await pool.close()

    async def ready(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    return Starlette(
        routes=[
            Route("/readyz", ready),
            Route("/add_items", shop.add_items, methods=["POST"]),
            Route("/merge_items", shop.merge_items, methods=["POST"]),
            Route("/check_items", shop.check_items, methods=["POST"]),
            Route("/update_items", shop.update_items, methods=["POST"]),
            Route("/list_items", shop.list_items, methods=["POST"]),
            Route("/tools/list", shop.list_tools, methods=["POST"]),
        ],
        lifespan=lifespan,
    )


async def serve(settings: Settings) -> None:
    """Serve until a signal arrives."""
    assert settings.database_url is not None
    dsn = settings.database_url.get_secret_value()
    pool = await asyncpg.create_pool(dsn, min_size=POOL_SIZE, max_size=POOL_SIZE, reset=_keep)
    app = create_limit(pool, settings)
    config = uvicorn.Config(
        app,
        settings.host,
        settings.port,
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    await uvicorn.Server(config).serve()


async def _keep(connection: object) -> None:
    """Reset nothing between uses: the household context ends with its statement."""


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(load_settings()))
