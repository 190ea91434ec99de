"""The load generator counts successes only, with the real service."""

import json
import os
from itertools import product
from typing import get_args

import asyncpg
import jwt
import pytest

from app.db.embedded import DatabaseUrls
from app.settings import Settings
from bench.filling import lengthen_lists
from bench.load import Load, measure
from bench.messages import WrongAnswer, check
from bench.plan import OPEN_ITEMS, REMOVED, Beside, Call, Operation
from bench.setup import make_shoppers
from bench.statements import statement
from tests.service import Service

pytestmark = pytest.mark.anyio


ADD = Call(operation="add_items", dialect="2026-07-28")


def load_on(service: Service, settings: Settings, call: Call, tokens: list[str]) -> Load:
    """Return a short load on the service."""
    return Load(
        call=call,
        host=f"localhost:{settings.port}",
        port=settings.port,
        tokens=tokens,
        connections=len(tokens),
        warm_up_seconds=0.1,
        seconds=600,
        most_requests=10,
        server_pid=service.process.pid,
        postgres_pid=os.getpid(),
    )


@pytest.mark.processes
async def test_a_load_ends_when_every_connection_has_made_its_requests(service: Service, settings: Settings) -> None:
    calls = [
        Call(operation=operation, dialect=dialect)
        for operation, dialect in product(get_args(Operation), ("2026-07-28", "2025-11-25"))
    ]
    for call in [*calls, ADD.model_copy(update={"items": 100})]:
        tokens = await make_shoppers(settings, 2, 0 if call.operation == "add_items" else OPEN_ITEMS)

        measured = await measure(load_on(service, settings, call, tokens))

        assert measured.rate > 0, call
        assert 0 < measured.p50 <= measured.p99, call


@pytest.mark.processes
async def test_people_of_one_household_add_different_items(service: Service, settings: Settings) -> None:
    (token,) = await make_shoppers(settings, 1, 0)
    load = load_on(service, settings, ADD, [token, token])
    with pytest.raises(WrongAnswer, match='"status":"merged"'):
        await measure(load)

    measured = await measure(load.model_copy(update={"first_name": 100, "names_apart": 100}))

    assert measured.requests == 20


@pytest.mark.processes
async def test_only_the_first_or_the_second_call_after_a_silence_is_measured(
    service: Service, settings: Settings
) -> None:
    tokens = await make_shoppers(settings, 4, OPEN_ITEMS)
    load = load_on(service, settings, Call(operation="list_items", dialect="2026-07-28"), tokens)
    for number in (1, 2):
        silent = load.model_copy(update={"connections": 2, "silences": 1, "after_silence": number})
        assert (await measure(silent)).requests == len(tokens)


@pytest.mark.parametrize("beside", get_args(Beside))
@pytest.mark.processes
async def test_others_are_measured_while_one_call_changes_thousands_of_items(
    service: Service, settings: Settings, database: DatabaseUrls, beside: Beside
) -> None:
    readers = await make_shoppers(settings, 2, OPEN_ITEMS)
    (token,) = await make_shoppers(settings, 1, 0)
    load = load_on(service, settings, Call(operation="list_items", dialect="2026-07-28"), readers)
    load = load.model_copy(update={"beside": beside, "beside_token": token})
    with pytest.raises(WrongAnswer, match="was answered with 200"):
        await measure(load)  # the list is empty

    await lengthen_lists(database.superuser, [token], REMOVED, REMOVED + 1, checked=True)
    measured = await measure(load)

    assert measured.requests >= len(readers)
    assert measured.p99 <= measured.worst


@pytest.mark.processes
async def test_a_call_that_fails_stops_the_load(service: Service, settings: Settings) -> None:
    call = Call(operation="list_items", dialect="2026-07-28")
    with pytest.raises(WrongAnswer, match="answered with 401"):
        await measure(load_on(service, settings, call, ["not a token"]))

    too_few = await make_shoppers(settings, 1, OPEN_ITEMS - 1)
    with pytest.raises(WrongAnswer, match="answered with 200"):
        await measure(load_on(service, settings, call, too_few))


@pytest.mark.parametrize(
    "answer",
    [
        {"error": {"code": -32603, "message": "no"}},
        {"result": {"isError": True, "resultType": "complete", "content": []}},
        {"result": {"resultType": "complete", "structuredContent": {"results": []}}},
        {"result": {"resultType": "complete", "structuredContent": {"results": [{"status": "failed", "name": "x"}]}}},
        {"result": {"structuredContent": {"results": [{"status": "added", "name": "x", "ref": "i1"}]}}},
        "text",
        None,
    ],
)
def test_an_answer_that_is_not_a_success_does_not_count(answer: object) -> None:
    with pytest.raises(WrongAnswer):
        check(ADD, "x", 200, json.dumps(answer).encode())


async def test_the_limit_and_the_peers_read_under_row_level_security(settings: Settings) -> None:
    (token,) = await make_shoppers(settings, 1, OPEN_ITEMS)
    grant_id = jwt.decode(token, options={"verify_signature": False})["gid"]
    assert settings.database_url is not None
    connection = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        household_id = await connection.fetchval(statement("household"), grant_id)
        list_id = await connection.fetchval(statement("first_list"), household_id)

        items = await connection.fetch(statement("list_items"), household_id, list_id)
        assert len(items) == OPEN_ITEMS
        for checked in (True, False):
            item = await connection.fetchrow(statement("check_item"), household_id, list_id, items[0]["name"], checked)
            assert item is not None
        # The context ended with its statement, and without one no row is visible.
        assert await connection.fetchval("SELECT count(*) FROM items") == 0
    finally:
        await connection.close()
