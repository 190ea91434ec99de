"""An internal error, planted anywhere, becomes a generic sentence with the request id, in both protocol eras."""

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import asyncpg
import httpx
import mcp_types as types
import pytest
from starlette.applications import Starlette

from app.db import transactions
from app.db.engine import Driver
from app.households.tenant import Tenant
from app.lists.items import add
from app.mcp.tools import add_items
from tests.factory import Connected
from tests.mcp.client import Era, McpClient

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

SECRET = "secret-detail-of-the-fault"
Patch = pytest.MonkeyPatch


async def fail(*_: object, **__: object) -> Any:
    raise RuntimeError(SECRET)


def fail_at_once(*_: object) -> Any:
    raise RuntimeError(SECRET)


def in_the_tool(patch: Patch) -> None:
    patch.setattr(add, "add_items", fail)
    patch.setattr(add, "add_items_alone", fail)


def in_a_repository(patch: Patch) -> None:
    for name in ("find_for_add", "read_for_add_alone", "insert_alone"):
        patch.setattr(add, name, fail)


def in_a_library(patch: Patch) -> None:
    async def divide(*_: object) -> Any:
        return types.Tool.model_validate({"name": SECRET})  # a pydantic error that quotes its input

    for name in ("find_for_add", "read_for_add_alone", "insert_alone"):
        patch.setattr(add, name, divide)


def in_the_result(patch: Patch) -> None:
    patch.setattr(add_items, "change_result", str)  # a text where a result is due


def at_commit(patch: Patch) -> None:
    send = transactions._send  # pyright: ignore[reportPrivateUsage]
    writing: set[Driver] = set()

    async def fail_at_commit(driver: Driver, message: str) -> str:
        if "UPDATE clocks" in message:
            writing.add(driver)
        if message == "COMMIT" and driver in writing:
            raise RuntimeError(SECRET)
        return await send(driver, message)

    patch.setattr(transactions, "_send", fail_at_commit)
    patch.setattr(transactions, "_send_alone", fail)


def in_the_answer(patch: Patch) -> None:
    patch.setattr(add_items.ChangeResult, "content", fail_at_once)


PLACES: list[Callable[[Patch], None]] = [
    in_the_tool,
    in_a_repository,
    in_a_library,
    in_the_result,
    in_the_answer,
    at_commit,
]
WAYS: dict[str, dict[str, str]] = {"one message": {}, "a transaction": {"idempotency_key": "once"}}


@pytest.mark.proves("""er-no-detail MUST own rule; OWASP
    Internal errors reveal nothing of their cause.
    Here: A generic sentence with a request id.""")
@pytest.mark.parametrize("known", [False, True], ids=["first call", "later call"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("plant", PLACES)
async def test_a_fault_in_a_tool_call_is_told_generically_and_changes_nothing(
    each_way: McpClient, monkeypatch: Patch, plant: Callable[[Patch], None], way: str, known: bool
) -> None:
    if known:  # so that the call is planned before anything is read
        await each_way.call("add_items", items=["tea"])
        await each_way.call("remove_items", items=["tea"])
        await each_way.call("add_items", items=["rice", "oats"])
    before = [await each_way.call(tool) for tool in ("list_items", "get_activity")]
    with monkeypatch.context() as patch:
        plant(patch)
        arguments = {"items": ["milk"], **WAYS[way]}
        response = await each_way.send("tools/call", {"name": "add_items", "arguments": arguments})
    assert response.status_code == 200
    result = response.json()["result"]
    assert result["isError"] is True
    error = json.loads(result["content"][0]["text"])["error"]
    assert error["code"] == "unavailable"
    assert response.headers["x-request-id"] in error["message"]
    assert SECRET not in response.text
    assert [await each_way.call(tool) for tool in ("list_items", "get_activity")] == before


async def test_a_commit_that_stores_nothing_is_an_error_and_never_a_success(
    each_way: McpClient, monkeypatch: Patch
) -> None:
    """Postgres answers COMMIT of an aborted transaction with ROLLBACK, and no error."""
    real = add.add_items

    async def abort(tenant: Tenant, *arguments: Any, **options: Any) -> Any:
        added = await real(tenant, *arguments, **options)
        with suppress(asyncpg.DivisionByZeroError):
            await tenant.driver.execute("SELECT 1 / 0")
        return added

    with monkeypatch.context() as patch:
        patch.setattr(add, "add_items", abort)
        error = await each_way.refusal("add_items", items=["milk"], **WAYS["a transaction"])
    assert error["code"] == "unavailable"
    assert error["retry_after"] > 0
    assert (await each_way.call("list_items"))["items"] == []


@pytest.mark.own_app
@pytest.mark.parametrize(
    ("era", "method"),
    [
        ("2026-07-28", "tools/list"),
        ("2026-07-28", "server/discover"),
        ("2025-11-25", "tools/list"),
        ("2025-11-25", "ping"),
    ],
)
async def test_a_fault_in_any_other_handler_is_told_generically(
    app: Starlette, http: httpx.AsyncClient, ada: Connected, era: Era, method: str
) -> None:
    server = app.state.endpoints.servers[0]
    entry = server.get_request_handler(method)
    server._request_handlers[method] = replace(entry, handler=fail)  # the SDK keeps server/discover to itself otherwise
    response = await McpClient(http, ada.token, era).send(method)
    error = response.json()["error"]
    assert error["code"] == -32603
    assert response.headers["x-request-id"] in error["message"]
    assert SECRET not in response.text


@pytest.mark.own_app
async def test_a_fault_in_a_middleware_is_told_generically(app: Starlette, each_era: McpClient) -> None:
    server = app.state.endpoints.servers[0]

    async def middleware(ctx: object, call_next: Callable[[object], Awaitable[object]]) -> Any:
        raise RuntimeError(SECRET)

    server.middleware.append(middleware)
    response = await each_era.send("tools/list")
    assert response.headers["x-request-id"] in response.json()["error"]["message"]
    assert SECRET not in response.text


async def test_a_fault_in_the_gate_is_a_500_without_detail(each_era: McpClient, monkeypatch: Patch) -> None:
    monkeypatch.setattr("app.access.authenticator.find_grant_with_memberships", fail)
    response = await each_era.send("tools/list")
    assert response.status_code == 500
    assert response.headers["x-request-id"] in response.text
    assert SECRET not in response.text
