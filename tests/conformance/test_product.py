"""MCP's conformance tool finds nothing wrong with the product's own primitives."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.mcp.catalogue import TOOLS
from app.mcp.prompts.serve import PROMPTS
from app.settings import Settings
from tests.conformance.product_mode import (
    FROM_TEMPLATE,
    NAMES,
    SCENARIOS,
    STATIC_TEXT,
    SUBJECTS,
    ProductOutcome,
    Renaming,
    check_product,
)
from tests.conformance.scenarios import Check, Scenario
from tests.conformance.tool import install_tool
from tests.documents import ROOT
from tests.mcp.streaming import stop_watching_for_shutdown


@pytest.mark.anyio
@pytest.mark.slow
@pytest.mark.own_database
@pytest.mark.proves("""cl-conformance-product MUST own rule
    The conformance suite's scenarios of tools, resources, prompts, completion and caching pass on the product's own.
    Here: The suite's names are replaced by the product's, and no scenario may end in another way than passed.""")
async def test_every_scenario_passes_on_the_product(settings: Settings, tmp_path: Path) -> None:
    outcomes = await check_product(install_tool(tmp_path), settings, tmp_path / "results")
    await stop_watching_for_shutdown()
    for outcome in outcomes:
        assert outcome.complaints == [], outcome.report


@pytest.mark.parametrize("status", ["FAILURE", "WARNING", "SKIPPED", None])
def test_a_scenario_that_does_not_pass_fails_the_run(status: str | None) -> None:
    passed = Scenario("tools-list", None, [Check(id="1", status="SUCCESS")])
    other = Scenario("caching", None, [] if status is None else [Check(id="1", status=status)])
    assert ProductOutcome("2026-07-28", "", [passed]).complaints == []
    [line] = ProductOutcome("2026-07-28", "", [passed, other]).complaints
    assert line.startswith("product, caching: ")


def test_what_stands_in_for_the_fixtures_exists_in_the_product() -> None:
    names = {each.name for each in (*TOOLS, *PROMPTS)}
    assert {name for name, _ in NAMES.values()} <= names
    assert set(SUBJECTS) <= {name for names in SCENARIOS.values() for name in names}


@pytest.mark.parametrize(
    ("method", "params", "expected"),
    [
        ("tools/call", {"name": "test_simple_text"}, {"name": "list_items", "arguments": {}}),
        (
            "prompts/get",
            {"name": "test_prompt_with_arguments", "arguments": {"arg1": "testValue1", "arg2": "testValue2"}},
            {"name": "plan_meals", "arguments": {"people": "testValue1", "wishes": "testValue2"}},
        ),
        ("resources/read", {"uri": STATIC_TEXT}, {"uri": "shopping://guide/quantities"}),
        ("resources/read", {"uri": FROM_TEMPLATE}, {"uri": "shopping://h1/lists/L2"}),
        (
            "completion/complete",
            {
                "ref": {"type": "ref/prompt", "name": "test_prompt_with_arguments"},
                "argument": {"name": "arg1", "value": ""},
            },
            {"ref": {"type": "ref/prompt", "name": "go_shopping"}, "argument": {"name": "store", "value": ""}},
        ),
        ("resources/read", {"uri": "test://nonexistent"}, None),
        ("tools/list", {}, None),
        ("tools/call", {"name": "list_items"}, None),
    ],
)
def test_names_of_fixtures_alone_are_replaced(
    method: str, params: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    renaming = Renaming()
    renaming.uris[FROM_TEMPLATE] = "shopping://h1/lists/L2"
    replaced = renaming.replace(json.dumps({"method": method, "params": params}).encode())
    assert replaced == (None if expected is None else {"method": method, "params": expected})
    assert renaming.replace(b"not JSON") is None


def test_the_page_shows_that_all_of_them_pass() -> None:
    page = (ROOT / "docs/conformance.md").read_text(encoding="utf-8")
    for revision, names in SCENARIOS.items():
        assert f"## Own primitives, {revision}: {len(names)} of {len(names)}" in page
        for name in names:
            assert f"| {name} | passed |" in page
