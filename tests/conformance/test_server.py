"""MCP's conformance tool finds in our server what we say it finds, and what it needs for that is not in the product."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.mcp.catalogue import ENDPOINTS
from app.mcp.http.short_way import ShortWay
from app.settings import Settings
from tests.conformance.expected import EXCEPTIONS, unexpected
from tests.conformance.fixtures import handlers, tools
from tests.conformance.fixtures.application import ENDPOINT, create_conformance_app
from tests.conformance.scenarios import Check, Ending, Scenario
from tests.conformance.server_mode import ServerOutcome, check_server
from tests.conformance.tool import install_tool
from tests.documents import ROOT
from tests.factory import Connected
from tests.mcp.client import ERAS, McpClient
from tests.mcp.conftest import http_to
from tests.mcp.streaming import stop_watching_for_shutdown

FIXTURES = {tool.name for tool in ENDPOINT.tools} - {tool.name for each in ENDPOINTS for tool in each.tools}
DEFECT = {"elicitation": (Ending.FAILED, "There is no one to ask.")}


def scenario(name: str, *statuses: str, unscored: str | None = None) -> Scenario:
    return Scenario(name, unscored, [Check(id=str(number), status=each) for number, each in enumerate(statuses)])


@pytest.mark.anyio
@pytest.mark.slow
@pytest.mark.own_database
@pytest.mark.proves("""cl-conformance-server MUST own rule
    The official conformance suite's server scenarios of 2026-07-28 and 2025-11-25 end as docs/conformance.md says.
    Here: MCP's own conformance tool runs them against the application, with its fixtures added.""")
async def test_every_scenario_ends_as_expected(settings: Settings, tmp_path: Path) -> None:
    limited = settings.model_copy(update={"limits": True})
    outcomes = await check_server(install_tool(tmp_path), limited, tmp_path / "results")
    await stop_watching_for_shutdown()
    for outcome in outcomes:
        assert outcome.complaints == [], outcome.report


@pytest.mark.parametrize(
    ("statuses", "ending"),
    [
        (("SUCCESS", "INFO", "SUCCESS"), Ending.PASSED),
        (("SUCCESS", "WARNING"), Ending.WARNED),
        (("SUCCESS", "WARNING", "FAILURE"), Ending.FAILED),
        (("SKIPPED", "INFO"), Ending.SKIPPED),
        ((), Ending.NOT_RUN),
    ],
)
def test_a_scenario_ends_like_the_worst_of_its_checks(statuses: tuple[str, ...], ending: Ending) -> None:
    assert scenario("any", *statuses).ending == ending


@pytest.mark.parametrize("statuses", [("FAILURE",), ("WARNING",), ("SKIPPED",), ()])
def test_a_scenario_that_does_not_pass_is_named_unless_that_is_known(statuses: tuple[str, ...]) -> None:
    [line] = unexpected([scenario("tools-list", *statuses)], {})
    assert line.startswith("tools-list: ")
    ended = scenario("tools-list", *statuses).ending
    assert unexpected([scenario("tools-list", *statuses)], {"tools-list": (ended, "It is known.")}) == []


@pytest.mark.parametrize("statuses", [("SUCCESS",), ("WARNING",), ("SKIPPED",), ()])
def test_a_known_failure_that_ends_otherwise_is_named(statuses: tuple[str, ...]) -> None:
    assert unexpected([scenario("elicitation", "FAILURE")], DEFECT) == []
    [line] = unexpected([scenario("elicitation", *statuses)], DEFECT)
    assert line.startswith("elicitation: ")


def test_a_known_failure_of_a_scenario_that_is_gone_is_named() -> None:
    assert unexpected([scenario("tools-list", "SUCCESS")], DEFECT) == ["elicitation: the tool has no such scenario"]


@pytest.mark.parametrize(("failed", "unscored", "verdict"), [(True, None, 1), (True, "pending", 0), (False, None, 0)])
def test_the_tool_has_to_agree(
    monkeypatch: pytest.MonkeyPatch, failed: bool, unscored: str | None, verdict: int
) -> None:
    found = scenario("elicitation", "FAILURE" if failed else "SUCCESS", unscored=unscored)
    known: Mapping[str, tuple[Ending, str]] = {"elicitation": (found.ending, "It is known.")}
    monkeypatch.setattr("tests.conformance.server_mode.EXCEPTIONS", {"2025-11-25": known})
    assert ServerOutcome("2025-11-25", verdict, "", [found]).complaints == []
    assert ServerOutcome("2025-11-25", 1 - verdict, "", [found]).complaints != []


def test_every_exception_has_its_reason_in_the_page() -> None:
    page = (ROOT / "docs/conformance.md").read_text(encoding="utf-8")
    for revision, exceptions in EXCEPTIONS.items():
        [part] = re.findall(rf"^## Server, {revision}: .*?(?=^## )", page, re.DOTALL | re.MULTILINE)
        rows = {row.split(" | ")[0].removeprefix("| "): row for row in part.splitlines() if row.startswith("| ")}
        assert {name for name, row in rows.items() if "| passed |" not in row} == {"scenario", *exceptions}
        for name, (_, reason) in exceptions.items():
            assert reason in rows[name]


@pytest.mark.anyio
@pytest.mark.own_database
async def test_the_fixtures_take_the_way_of_our_own_tools(
    settings: Settings, ada: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[str] = []
    answer = ShortWay.answer

    async def watched(self: ShortWay, message: Any, *given: Any) -> bytes | None:
        body = await answer(self, message, *given)
        if body is not None:
            served.append(message["params"]["name"])
        return body

    monkeypatch.setattr(ShortWay, "answer", watched)
    app = create_conformance_app(settings)
    async with app.router.lifespan_context(app), http_to(app, settings) as http:
        for era in ERAS:
            for tool in tools.TOOLS:
                await McpClient(http, ada.token, era).result("tools/call", {"name": tool.name, "arguments": {}})
    assert served == [tool.name for tool in tools.TOOLS] * 2


@pytest.mark.anyio
@pytest.mark.own_database
async def test_a_client_of_an_older_revision_is_asked_for_nothing(settings: Settings, ada: Connected) -> None:
    app = create_conformance_app(settings)
    async with app.router.lifespan_context(app), http_to(app, settings) as http:
        client = McpClient(http, ada.token, "2025-11-25")
        able: dict[str, Any] = {"sampling": {}, "elicitation": {}}
        begun: dict[str, Any] = {
            "protocolVersion": client.era,
            "capabilities": able,
            "clientInfo": {"name": "tests", "version": "1"},
        }
        assert "mcp-session-id" not in (await client.send("initialize", begun)).headers
        for name, arguments in (("test_sampling", {"prompt": "?"}), ("test_elicitation", {"message": "?"})):
            answer = await client.send("tools/call", {"name": name, "arguments": arguments})
            [event] = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
            assert "not supported" in event["result"]["content"][0]["text"]
        response: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "result": {}}
        answer = await http.post("/mcp", json=response, headers=client.headers("tools/call"))
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, -32600)
    await stop_watching_for_shutdown()


def test_no_module_of_the_product_imports_a_test() -> None:
    for module in (ROOT / "app").rglob("*.py"):
        assert not re.search(r"^\s*(from|import) tests\b", module.read_text(encoding="utf-8"), re.MULTILINE), module


@pytest.mark.anyio
async def test_the_product_has_nothing_of_the_fixtures(client: McpClient) -> None:
    assert len(FIXTURES) == len(ENDPOINT.tools) - len(ENDPOINTS[0].tools) > 20
    listed = {tool["name"] for tool in (await client.result("tools/list"))["tools"]}
    assert listed.isdisjoint(FIXTURES)
    for name in sorted(FIXTURES):
        assert (await client.error("tools/call", {"name": name, "arguments": {}}))["code"] == -32602
    for prompt in handlers.PROMPTS:
        assert (await client.error("prompts/get", {"name": prompt.name, "arguments": {}}))["code"] == -32602
    listed_uris = {resource["uri"] for resource in (await client.result("resources/list"))["resources"]}
    for resource in handlers.RESOURCES:
        assert resource.uri not in listed_uris
        await client.error("resources/read", {"uri": resource.uri})
    for method in ("logging/setLevel", "resources/subscribe"):
        assert (await client.error(method, {"level": "debug", "uri": "test://static-text"}))["code"] == -32601
