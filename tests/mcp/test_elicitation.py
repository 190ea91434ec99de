"""The person at the client chooses between lines of one name and confirms that a list is deleted, if they can be asked.

Over real HTTP with the official client, which asks through its elicitation callback and makes the call again.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2
import mcp_types as types
import pytest
from mcp import Client, MCPError
from mcp.client.session import ClientRequestContext
from mcp.client.streamable_http import streamable_http_client
from pydantic import SecretStr
from starlette.applications import Starlette

from app.db import Engine, transaction
from app.db.ids import new_id
from app.errors import Ambiguous
from app.households import repository as households
from app.mcp import elicitation
from app.mcp.elicitation import LIFETIME, Answers, CallIdentity, Elicitation
from app.runtime.clock import system_clock
from app.settings import Settings
from tests.audit.looking import log_of, recorded
from tests.factory import Connected, Factory
from tests.mcp.client import ERAS, MODERN, Era, McpClient
from tests.mcp.conftest import http_to
from tests.mcp.looking import rows, statuses
from tests.mcp.streaming import SECONDS, on_its_port

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

FORMS: dict[str, Any] = {"_meta": {"io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}}}
MILKS = ["milk (fresh)", "milk (oat)", "bread", "tea (green)", "tea (black)"]


@dataclass
class Person:
    """Who sits at the client: what they were asked, and how they answer."""

    answer: Callable[[dict[str, Any]], types.ElicitResult]
    asked: list[types.ElicitRequestFormParams] = field(default_factory=list[types.ElicitRequestFormParams])

    async def __call__(self, context: ClientRequestContext, params: types.ElicitRequestParams) -> types.ElicitResult:
        assert isinstance(params, types.ElicitRequestFormParams)
        self.asked.append(params)
        return self.answer(params.requested_schema)


def accepting(**content: str | bool) -> Person:
    """A person who answers every form with these values, as far as it asks for them."""
    return Person(
        lambda form: types.ElicitResult(
            action="accept", content={key: content[key] for key in form["properties"] if key in content}
        )
    )


def refusing(action: Any) -> Person:
    return Person(lambda form: types.ElicitResult(action=action))


@pytest.fixture
async def server(settings: Settings) -> AsyncGenerator[Starlette]:
    """The application on its port, in this process."""
    async with on_its_port(settings) as app:
        yield app


@asynccontextmanager
async def at(
    settings: Settings, who: Connected, person: Person | None = None, mode: Any = MODERN
) -> AsyncGenerator[Client]:
    """The official client, with a person who can be asked."""
    headers = {"Authorization": f"Bearer {who.token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=SECONDS) as http,
        Client(
            streamable_http_client(f"{settings.public_url}/mcp", http_client=http),
            mode=mode,
            elicitation_callback=person,
        ) as client,
    ):
        yield client


@pytest.fixture
async def filled(server: Starlette, client: McpClient) -> McpClient:
    """A bare client of Ada's, with two milks (i1, i2), bread, and two teas (i4, i5), and the list Party (L2)."""
    await client.call("add_items", items=MILKS)
    await client.call("save_list", name="Party")
    await client.call("add_items", items=["cups", "crisps"], list="Party")
    return client


async def everything(client: McpClient) -> Any:
    items = (await client.call("list_items", list="*", view="all", detail="full"))["items"]
    return [items, (await client.call("get_overview"))["lists"]]


def refusal_in(result: types.CallToolResult) -> dict[str, Any]:
    assert result.is_error
    assert isinstance(result.content[0], types.TextContent)
    return json.loads(result.content[0].text)["error"]


async def first_round(client: McpClient, tool: str, **arguments: Any) -> dict[str, Any]:
    """The result of a call by a client that can ask, before it has asked."""
    result = await client.result("tools/call", {"name": tool, "arguments": arguments, **FORMS})
    assert result["resultType"] == "input_required", result
    return result


def second_round(
    first: dict[str, Any], tool: str, content: Any, *, action: str = "accept", **arguments: Any
) -> dict[str, Any]:
    """The params of the same call with an answer."""
    response = {"action": action, "content": content} if action == "accept" else {"action": action}
    return {
        "name": tool,
        "arguments": arguments,
        "requestState": first["requestState"],
        "inputResponses": {"choice": response},
        **FORMS,
    }


async def test_the_person_chooses_which_line_is_meant(settings: Settings, ada: Connected, filled: McpClient) -> None:
    person = accepting(choice_1="i2")
    async with at(settings, ada, person) as client:
        result = await client.call_tool("remove_items", {"items": ["bread", "milk"]})
    assert not result.is_error
    assert result.structured_content is not None
    assert [(each["ref"], each["status"]) for each in result.structured_content["results"]] == [
        ("i3", "removed"),
        ("i2", "removed"),
    ]
    (asked,) = person.asked
    assert asked.message == "Several lines fit \u201cmilk\u201d. Which one is meant?"
    assert asked.requested_schema == {
        "type": "object",
        "properties": {
            "choice_1": {
                "type": "string",
                "title": "milk",
                "oneOf": [{"const": "i1", "title": "milk (fresh) (i1)"}, {"const": "i2", "title": "milk (oat) (i2)"}],
            }
        },
        "required": ["choice_1"],
    }
    assert [each["ref"] for each in (await filled.call("list_items"))["items"]] == ["i1", "i4", "i5"]


@pytest.mark.parametrize(
    ("tool", "arguments", "status"),
    [
        ("update_items", {"items": [{"item": "bread"}, {"item": "milk", "quantity": 2}]}, ["unchanged", "updated"]),
        ("update_items", {"items": [{"item": "milk", "quantity": 2}]}, ["updated"]),
        ("check_items", {"items": ["milk"]}, ["checked"]),
        ("move_items", {"items": ["milk"], "to_list": "Party"}, ["moved"]),
        ("remove_items", {"items": ["milk"], "dry_run": True}, ["would_remove"]),
        ("remove_items", {"items": ["milk", "nothing"]}, ["removed", "failed"]),
        ("remove_items", {"items": ["bread", "milk"]}, ["removed", "removed"]),
        ("remove_items", {"items": '["milk"]'}, ["removed"]),
        ("remove_items", {"items": ["milk"], "idempotency_key": "k"}, ["removed"]),
        ("remove_items", {"items": ["milk"], "household": None}, ["removed"]),
    ],
)
async def test_every_tool_that_names_items_asks(
    settings: Settings, ada: Connected, filled: McpClient, tool: str, arguments: dict[str, Any], status: list[str]
) -> None:
    person = accepting(choice_1="i1")
    async with at(settings, ada, person) as client:
        result = await client.call_tool(tool, arguments)
    assert len(person.asked) == 1
    assert result.structured_content is not None
    assert statuses(result.structured_content) == status
    assert "i1" in [each.get("ref") for each in result.structured_content["results"]]


async def test_several_names_are_one_form_and_a_name_found_later_is_another(
    settings: Settings, ada: Connected, filled: McpClient
) -> None:
    person = accepting(choice_1="i2", choice_2="i5")
    async with at(settings, ada, person) as client:
        checked = await client.call_tool("check_items", {"items": ["milk", "TEA"]})
        assert [list(each.requested_schema["properties"]) for each in person.asked] == [["choice_1", "choice_2"]]
        assert checked.structured_content is not None
        assert [each["ref"] for each in checked.structured_content["results"]] == ["i2", "i5"]
        await filled.call("undo", undo_ref=checked.structured_content["undo_ref"])
        person.asked.clear()

        rounds = iter(["i5", "i1"])
        person.answer = lambda form: types.ElicitResult(action="accept", content={"choice_1": next(rounds)})
        await client.call_tool("move_items", {"items": ["tea"], "before": "milk"})

    titles = [each.requested_schema["properties"]["choice_1"]["title"] for each in person.asked]
    assert titles == ["tea", "milk"]
    assert [each["ref"] for each in (await filled.call("list_items"))["items"]] == ["i5", "i1", "i2", "i3", "i4"]


async def test_of_more_names_than_fit_a_form_nobody_is_asked(
    settings: Settings, ada: Connected, filled: McpClient
) -> None:
    person = accepting(choice_1="i1")
    async with at(settings, ada, person) as client:
        result = await client.call_tool("check_items", {"items": ["milk", "tea"] * 3})
    assert person.asked == []
    assert result.is_error
    assert [each["status"] for each in refusal_in(result)["results"]] == ["failed"] * 6


@pytest.mark.parametrize("action", ["decline", "cancel"])
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("remove_items", {"items": ["bread", "milk"]}),
        ("delete_list", {"list": "Party"}),
        ("delete_list", {"list": "Party", "confirm_name": "Party"}),
    ],
)
async def test_who_does_not_choose_changes_nothing(
    settings: Settings, ada: Connected, filled: McpClient, tool: str, arguments: dict[str, Any], action: str
) -> None:
    before = await everything(filled)
    person = refusing(action)
    async with at(settings, ada, person) as client:
        refusal = refusal_in(await client.call_tool(tool, arguments))
    words = {
        "decline": "The person was asked and declined. Nothing was changed.",
        "cancel": "The person closed the question without an answer. Nothing was changed.",
    }
    assert refusal == {"code": "declined", "message": words[action]}
    assert len(person.asked) == 1
    assert await everything(filled) == before


@pytest.mark.parametrize("arguments", [{"list": "party"}, {"list": "L2", "confirm_name": "Party"}])
async def test_the_person_confirms_that_a_list_is_deleted(
    settings: Settings, ada: Connected, filled: McpClient, arguments: dict[str, Any]
) -> None:
    before = await everything(filled)
    person = accepting(confirm=False)
    async with at(settings, ada, person) as client:
        refusal = refusal_in(await client.call_tool("delete_list", arguments))
        assert (refusal["code"], await everything(filled)) == ("declined", before)

        person.answer = accepting(confirm=True).answer
        deleted = await client.call_tool("delete_list", arguments)

    assert deleted.structured_content is not None
    assert deleted.structured_content["counts"] == {"deleted": 1}
    assert [each.message for each in person.asked] == ["Delete a list with 2 items on it? Its name: Party"] * 2
    assert [each["ref"] for each in (await everything(filled))[1]] == ["L1"]


async def test_what_can_not_be_deleted_is_refused_without_a_question(
    settings: Settings, ada: Connected, filled: McpClient
) -> None:
    person = accepting(confirm=True)
    async with at(settings, ada, person) as client:
        for arguments, code, at_fault in (
            ({"list": "Party", "confirm_name": "Groceries"}, "invalid", "confirm_name"),
            ({"list": "Nowhere"}, "not_found", "list"),
        ):
            refusal = refusal_in(await client.call_tool("delete_list", arguments))
            assert (refusal["code"], refusal["field"]) == (code, at_fault)
        await filled.call("delete_list", list="L2", confirm_name="Party")
        refusal = refusal_in(await client.call_tool("delete_list", {"list": "Groceries"}))
    assert (refusal["code"], person.asked) == ("conflict", [])


async def test_a_list_that_was_renamed_while_the_person_thought_is_not_deleted(filled: McpClient) -> None:
    first = await first_round(filled, "delete_list", list="Party")
    await filled.call("save_list", list="L2", name="Wedding")
    await filled.call("save_list", name="Party")
    before = await everything(filled)
    params = second_round(first, "delete_list", {"confirm": True}, list="Party")
    result = await filled.result("tools/call", params)
    assert json.loads(result["content"][0]["text"])["error"]["field"] == "confirm_name"
    assert await everything(filled) == before


def changed_states(state: str) -> list[str]:
    """States that were not made here: changed in a bit, cut off, empty, and no encryption at all."""
    sealed = bytearray(urlsafe_b64decode(state))
    changed: list[str] = []
    for place in (0, 11, 12, 20, len(sealed) // 2, len(sealed) - 1):
        other = bytearray(sealed)
        other[place] ^= 1
        changed.append(urlsafe_b64encode(bytes(other)).decode())
    plain = urlsafe_b64encode(b'{"until":9e99,"values":{"list":"L1"},"is_confirmed":true,"questions":{}}').decode()
    return [*changed, state[:-4], state[: len(state) // 2], "", "=", "\u00fc", "x" * 10_000, plain]


REFUSED = "params.requestState is not valid for this call, or has expired. Make the call again without it."


@pytest.mark.proves("""mrtr-state-integrity MUST MCP mrtr (Server Requirements)
    State that comes back from a client is treated as an attacker's, and refused unless it was made here.
    Here: It is encrypted and authenticated (AES-256-GCM), with a key of its own that all processes share.""")
async def test_a_state_that_was_changed_is_refused_and_changes_nothing(filled: McpClient) -> None:
    first = await first_round(filled, "delete_list", list="Party")
    before = await everything(filled)
    for state in changed_states(first["requestState"]):
        params = second_round({"requestState": state}, "delete_list", {"confirm": True}, list="Party")
        error = await filled.error("tools/call", params)
        assert (error["code"], error["message"]) == (types.INVALID_PARAMS, REFUSED), state[:50]
    assert await everything(filled) == before


@pytest.mark.proves("""mrtr-state-binding SHOULD MCP mrtr (Server Requirements)
    State is bound to who asked and to the request that it was made for, and lives for a short time.
    Here: To the grant, household, tool and arguments of the call, for ten minutes.""")
async def test_a_state_is_good_for_its_own_call_only(
    settings: Settings, engine: Engine, factory: Factory, ada: Connected, filled: McpClient
) -> None:
    bob, cabin = await factory.person("Bob")
    await factory.join(bob, ada.household_id, "owner")
    await factory.join(ada.person, cabin, "owner")
    async with transaction(engine) as connection:
        of_cabin = next(
            each for each in await households.memberships_of(connection, bob.id) if each.household_id == cabin
        )
    of_bob = McpClient(filled.http, (await factory.connect(bob, ada.household_id)).token)
    again = McpClient(filled.http, (await factory.connect(ada.person, ada.household_id)).token)
    of_both = McpClient(filled.http, (await factory.connect(ada.person, ada.household_id, cabin)).token)
    first = await first_round(filled, "remove_items", items=["milk"])
    arguments: dict[str, Any] = {"items": ["milk"]}
    before = await everything(filled)

    async def refused(client: McpClient, tool: str = "remove_items", **others: Any) -> None:
        params = second_round(first, tool, {"choice_1": "i1"}, **{**arguments, **others})
        assert (await client.error("tools/call", params))["message"] == REFUSED

    await refused(of_bob)
    await refused(again)
    await refused(of_both)
    await refused(filled, "check_items")
    await refused(filled, items=["milk", "bread"])
    await refused(filled, items=["tea"])
    await refused(filled, dry_run=False)
    first = await first_round(of_both, "remove_items", items=["milk"])
    await refused(of_both, household=of_cabin.ref)
    assert await everything(filled) == before
    await of_both.result("tools/call", second_round(first, "remove_items", {"choice_1": "i1"}, **arguments))
    assert await everything(filled) != before


def minted(settings: Settings, ada: Connected, *, ago: timedelta, household_id: Any = None) -> dict[str, Any]:
    """The first result of `remove_items(items=["milk"])` as it was made some time ago."""
    then = Elicitation(settings.secret_keys, clock=lambda: system_clock() - ago)
    asked = Ambiguous("several", field="items[0]", options={"i1": "milk", "i2": "milk"}, name="milk")
    call = CallIdentity(ada.grant_id, household_id or ada.household_id, "remove_items", {"items": ["milk"]})
    return json.loads(then.ask([asked], call, Answers()))


@pytest.mark.proves("mrtr-state-binding")
async def test_a_state_lives_for_ten_minutes(settings: Settings, ada: Connected, filled: McpClient) -> None:
    before = await everything(filled)
    late = minted(settings, ada, ago=LIFETIME + timedelta(seconds=1))
    params = second_round(late, "remove_items", {"choice_1": "i1"}, items=["milk"])
    assert (await filled.error("tools/call", params))["message"] == REFUSED
    elsewhere = minted(settings, ada, ago=timedelta(), household_id=new_id())
    params = second_round(elsewhere, "remove_items", {"choice_1": "i1"}, items=["milk"])
    assert (await filled.error("tools/call", params))["message"] == REFUSED
    assert await everything(filled) == before
    in_time = minted(settings, ada, ago=LIFETIME - timedelta(minutes=1))
    params = second_round(in_time, "remove_items", {"choice_1": "i1"}, items=["milk"])
    result = await filled.result("tools/call", params)
    assert result["structuredContent"]["counts"] == {"removed": 1}


async def test_an_answer_that_comes_again_finds_the_item_gone(filled: McpClient) -> None:
    first = await first_round(filled, "remove_items", items=["milk"])
    params = second_round(first, "remove_items", {"choice_1": "i1"}, items=["milk"])
    assert (await filled.result("tools/call", params))["structuredContent"]["counts"] == {"removed": 1}
    before = await everything(filled)
    again = await filled.result("tools/call", params)
    assert json.loads(again["content"][0]["text"])["error"]["code"] == "not_found"
    assert await everything(filled) == before


async def test_with_a_key_the_call_is_made_once_however_often_it_comes(filled: McpClient) -> None:
    arguments: dict[str, Any] = {"items": ["milk"], "idempotency_key": "k"}
    first = await first_round(filled, "remove_items", **arguments)
    params = second_round(first, "remove_items", {"choice_1": "i2"}, **arguments)
    done = await filled.result("tools/call", params)
    assert statuses(done["structuredContent"]) == ["removed"]
    unanswered: dict[str, Any] = {"name": "remove_items", "arguments": arguments, **FORMS}
    for repeated in (params, unanswered):
        again = await filled.result("tools/call", repeated)
        assert again["structuredContent"] == done["structuredContent"]
    assert len((await filled.call("list_items"))["items"]) == 4


@pytest.mark.parametrize(
    "content",
    [
        {"choice_1": "i3"},
        {"choice_1": "milk (fresh) (i1)"},
        {"choice_1": ["i1"]},
        {"choice_1": None},
        {"choice_1": "i3", "choice_2": "i1"},
    ],
)
async def test_an_answer_that_was_not_offered_changes_nothing(filled: McpClient, content: Any) -> None:
    first = await first_round(filled, "remove_items", items=["milk"])
    before = await everything(filled)
    result = await filled.result("tools/call", second_round(first, "remove_items", content, items=["milk"]))
    error = json.loads(result["content"][0]["text"])["error"]
    assert (error["code"], error["field"], error["candidates"]) == ("invalid", "items[0]", ["i1", "i2"])
    assert await everything(filled) == before


async def test_an_answer_that_is_missing_is_asked_for_again(filled: McpClient) -> None:
    first = await first_round(filled, "remove_items", items=["milk"])
    params = second_round(first, "remove_items", {"choice_1": "i1"}, items=["milk"])
    contents: list[dict[str, Any]] = [{}, {"content": {}}, {"content": {"choice_2": "i1"}}]
    answers: list[dict[str, Any]] = [{"action": "accept", **each} for each in contents]
    for responses in ({}, {"something": params["inputResponses"]["choice"]}, *({"choice": each} for each in answers)):
        again = await filled.result("tools/call", {**params, "inputResponses": responses})
        assert (again["resultType"], again["inputRequests"]) == ("input_required", first["inputRequests"])
    unasked = {**params, "inputResponses": params["inputResponses"]}
    del unasked["requestState"]
    again = await filled.result("tools/call", unasked)
    assert again["resultType"] == "input_required", "an answer without a state answers no question"


async def test_any_process_with_the_key_reads_the_state(
    settings: Settings, ada: Connected, filled: McpClient, sdk_app: Starlette
) -> None:
    first = await first_round(filled, "remove_items", items=["milk"])
    params = second_round(first, "remove_items", {"choice_1": "i1"}, items=["milk"])
    call = CallIdentity(ada.grant_id, ada.household_id, "remove_items", {"items": ["milk"]})
    client = elicitation.RoundTrip(can_ask=True, responses=params["inputResponses"], state=params["requestState"])
    new_key = SecretStr("another key, of 32 characters or more")
    with pytest.raises(MCPError, match="not valid for this call"):
        Elicitation([new_key]).read(client, call)
    assert Elicitation([new_key, *settings.secret_keys]).read(client, call).values == {"items[0]": "i1"}
    async with http_to(sdk_app, settings) as http:
        replica = McpClient(http, ada.token)
        result = await replica.result("tools/call", params)
    assert result["structuredContent"]["counts"] == {"removed": 1}


def without_forms(*, url_only: bool = False) -> dict[str, Any]:
    """Params of a client that can't show a form."""
    elicitation: dict[str, Any] = {"elicitation": {"url": {}}} if url_only else {}
    return {"_meta": {"io.modelcontextprotocol/clientCapabilities": {"sampling": {}, **elicitation}}}


@pytest.mark.parametrize("url_only", [False, True])
async def test_a_client_that_can_not_show_forms_gets_the_candidates(filled: McpClient, url_only: bool) -> None:
    meta = without_forms(url_only=url_only)
    named = {"name": "remove_items", "arguments": {"items": ["milk"]}, **meta}
    result = await filled.result("tools/call", named)
    assert (result["resultType"], json.loads(result["content"][0]["text"])["error"]) == (
        "complete",
        {
            "code": "ambiguous",
            "message": "items[0] fits several lines. Use the ref of one of the candidates.",
            "field": "items[0]",
            "candidates": ["milk (fresh) (i1)", "milk (oat) (i2)"],
        },
    )
    refused = await filled.result("tools/call", {"name": "delete_list", "arguments": {"list": "Party"}, **meta})
    error = json.loads(refused["content"][0]["text"])["error"]
    assert error == {"code": "invalid", "message": "confirm_name is missing.", "field": "confirm_name"}


async def test_clients_of_older_revisions_are_asked_nothing(
    settings: Settings, ada: Connected, filled: McpClient
) -> None:
    person = accepting(choice_1="i1", confirm=True)
    async with at(settings, ada, person, mode="legacy") as client:
        named = await client.call_tool("remove_items", {"items": ["milk"]})
        assert refusal_in(named)["code"] == "ambiguous"
        assert refusal_in(await client.call_tool("delete_list", {"list": "Party"}))["field"] == "confirm_name"
        deleted = await client.call_tool("delete_list", {"list": "Party", "confirm_name": "Party"})
    assert deleted.structured_content is not None
    assert (deleted.structured_content["counts"], person.asked) == ({"deleted": 1}, [])


@pytest.mark.parametrize("era", [each for each in ERAS if each != MODERN])
async def test_answers_in_an_older_revision_answer_nothing(filled: McpClient, ada: Connected, era: Era) -> None:
    first = await first_round(filled, "remove_items", items=["milk"])
    older = McpClient(filled.http, ada.token, era)
    params = second_round(first, "remove_items", {"choice_1": "i1"}, items=["milk"])
    result = await older.result("tools/call", params)
    assert json.loads(result["content"][0]["text"])["error"]["code"] == "ambiguous"


async def test_both_ways_of_a_call_ask_alike(each_way: McpClient) -> None:
    await each_way.call("add_items", items=MILKS)
    if each_way.era != MODERN:
        return
    first = await first_round(each_way, "remove_items", items=["milk"])
    assert set(first) == {"inputRequests", "requestState", "resultType", "_meta"}
    types.InputRequiredResult.model_validate(first)
    params = second_round(first, "remove_items", {"choice_1": "i1"}, items=["milk"])
    result = await each_way.result("tools/call", params)
    assert result["structuredContent"]["counts"] == {"removed": 1}
    refused = await each_way.error("tools/call", {**params, "requestState": "x"})
    assert refused["message"] == REFUSED


async def test_nothing_is_held_and_nothing_is_stored_while_a_person_thinks(
    engine: Engine, ada: Connected, filled: McpClient
) -> None:
    stored = "SELECT (SELECT count(*) FROM events) AS events, (SELECT rev FROM clocks) AS rev"
    before = await rows(engine, ada.household_id, stored)
    await first_round(filled, "remove_items", items=["milk"])
    await first_round(filled, "delete_list", list="Party")
    assert await rows(engine, ada.household_id, stored) == before
    async with engine.connect() as connection:
        open_transactions = (
            await connection.exec_driver_sql(
                "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%%'"
                " AND datname = current_database() AND pid <> pg_backend_pid()"
            )
        ).scalar_one()
    assert open_transactions == 0
    assert statuses(await filled.call("add_items", items=["jam"])) == ["added"]


async def test_a_viewer_is_refused_and_asked_nothing(
    settings: Settings, factory: Factory, ada: Connected, filled: McpClient
) -> None:
    vic, _ = await factory.person("Vic")
    await factory.join(vic, ada.household_id, "viewer")
    viewer = await factory.connect(vic, ada.household_id)
    person = accepting(choice_1="i1", confirm=True)
    async with at(settings, viewer, person) as client:
        for tool, arguments in (("remove_items", {"items": ["milk"]}), ("delete_list", {"list": "Party"})):
            assert refusal_in(await client.call_tool(tool, arguments))["code"] == "role"
    assert person.asked == []


async def test_the_audit_log_says_that_the_person_was_asked(
    server: Starlette, engine: Engine, settings: Settings, ada: Connected, filled: McpClient
) -> None:
    async with at(settings, ada, refusing("decline")) as client:
        await client.call_tool("remove_items", {"items": ["milk"]})
        with pytest.raises(MCPError, match="not valid for this call"):
            await client.session.call_tool("remove_items", {"items": ["milk"]}, request_state="x")
    rows = await recorded(engine, log_of(server))
    outcomes = [row["outcome"] for row in rows if row["tool"] == "remove_items" and row["grant_id"] == ada.grant_id]
    assert outcomes == ["input_required", "declined", "invalid_state"]


async def test_a_line_of_a_receipt_keeps_its_price_when_the_person_says_which_item_it_is(filled: McpClient) -> None:
    lines: list[Any] = [{"item": "milk", "price": 1.99}, {"item": "tea", "price": 4}]
    first = await first_round(filled, "record_purchase", items=lines)
    params = second_round(first, "record_purchase", {"choice_1": "i2", "choice_2": "i4"}, items=lines)
    answer = (await filled.result("tools/call", params))["structuredContent"]
    assert [(each["ref"], each["changes"]["price"]) for each in answer["results"]] == [
        ("i2", "1.99 EUR"),
        ("i4", "4.00 EUR"),
    ]


async def test_a_line_of_text_is_not_asked_about_because_its_price_would_be_lost(filled: McpClient) -> None:
    result = await filled.result(
        "tools/call", {"name": "record_purchase", "arguments": {"items": ["milk 1,99", "bread 2,49"]}, **FORMS}
    )
    assert statuses(result["structuredContent"]) == ["failed", "checked"]
