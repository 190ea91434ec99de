"""docs/conformance.md: what the conformance tool found, as its last run wrote it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.conformance.product_mode import ProductOutcome
from tests.conformance.scenarios import Ending, Scenario
from tests.conformance.server_mode import ServerOutcome
from tests.conformance.tool import EXPECTED, VERSION

PAGE: Final = Path(__file__).parents[2] / "docs/conformance.md"

_INTRODUCTION: Final = f"""# Conformance

`make conformance` runs MCP's own conformance tool, `@modelcontextprotocol/conformance` {VERSION}, and writes this page.
`.ci/run` does the same and fails if anything ends in another way than it says here.

- **Server.** The tool calls tools, prompts and resources of certain names. They are in
  [tests/conformance/fixtures](../tests/conformance/fixtures) and are added to our application, so that requests pass
  its middleware, bearer check, limits and dispatch. The product has none of them. All scenarios of a requirement set
  are run; those that the tool does not score, because they are extensions, newer than the revision, or not finished,
  are listed with its reason.
- **Own primitives.** The scenarios of what the product has are run once more, against the product alone. In place of
  the tool's names it gets the product's (`tests/conformance/product_mode.py`), and all of them have to pass.
- **Authorization server.** The tool reads the metadata, and a person who has just signed up approves its request.
"""
_ENDINGS: Final = {
    Ending.PASSED: "passed",
    Ending.WARNED: "passed, with a warning",
    Ending.FAILED: "failed",
    Ending.SKIPPED: "does not apply",
    Ending.NOT_RUN: "not run",
}


def render_page(outcomes: Sequence[ServerOutcome], products: Sequence[ProductOutcome]) -> str:
    """Return the page. Nothing in it differs from run to run."""
    parts = [_INTRODUCTION]
    for outcome in outcomes:
        rows = [_row(each, outcome) for each in outcome.scenarios]
        title = f"## Server, {outcome.revision}: {outcome.score}"
        parts.append("\n".join([title, "", "| scenario | ended | scored | remarks |", "|---|---|---|---|", *rows, ""]))
    for product in products:
        rows = [f"| {each.name} | {_ENDINGS[each.ending]} | {product.subject_of(each)} |" for each in product.scenarios]
        title = f"## Own primitives, {product.revision}: {product.score}"
        parts.append("\n".join([title, "", "| scenario | ended | of the product |", "|---|---|---|", *rows, ""]))
    checks = [f"| {name} | {status.lower()} |" for name, status in EXPECTED.items()]
    parts.append("\n".join(["## Authorization server", "", "| check | ended |", "|---|---|", *checks, ""]))
    return "\n".join(parts)


def _row(scenario: Scenario, outcome: ServerOutcome) -> str:
    _, reason = outcome.exceptions.get(scenario.name, (scenario.ending, ""))
    scored = "yes" if scenario.unscored is None else f"no: {scenario.unscored}"
    return f"| {scenario.name} | {_ENDINGS[scenario.ending]} | {scored} | {reason} |"
