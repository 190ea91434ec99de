"""The conformance tool against the product's own tools, resources, prompts and completions, without any fixture.

The tool asks for what is named as in its fixtures. Each such name is replaced, in the request, by one of the product,
and the checks are made on what the product answers.
"""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import anyio
import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from app.main import create_app
from app.mcp.http.batch import replay
from app.mcp.http.body import read_body
from app.settings import Settings
from tests.conformance.expected import unexpected
from tests.conformance.scenarios import Ending, Scenario, read_checks
from tests.conformance.server_mode import serving
from tests.mcp.client import McpClient
from tests.npm import NODE

_BOTH: Final = (
    "completion-complete",
    "tools-list",
    "tools-call-simple-text",
    "tools-call-image",
    "tools-call-error",
    "resources-list",
    "resources-read-text",
    "resources-templates-read",
    "prompts-list",
    "prompts-get-simple",
    "prompts-get-with-args",
    "prompts-get-embedded-resource",
    "dns-rebinding-protection",
)
SCENARIOS: Final[Mapping[str, Sequence[str]]] = {
    "2026-07-28": (*_BOTH, "sep-2164-resource-not-found", "caching", "http-header-validation"),
    "2025-11-25": ("server-initialize", "ping", *_BOTH),
}
"""What the product has, by revision."""

SUBJECTS: Final = {
    "completion-complete": "`store` of the prompt `go_shopping`",
    "tools-list": "every tool",
    "tools-call-simple-text": "`list_items`",
    "tools-call-image": "the chart of `get_spending`",
    "tools-call-error": "`list_items` of a list that does not exist",
    "resources-list": "lists, members and guide",
    "resources-read-text": "the guide to quantities",
    "resources-templates-read": "a list by its template",
    "prompts-list": "every prompt",
    "prompts-get-simple": "`spending_review`",
    "prompts-get-with-args": "`plan_meals`",
    "prompts-get-embedded-resource": "`restock_check`",
    "caching": "tools, prompts, resources, templates, a resource",
}

NAMES: Final[Mapping[str, tuple[str, dict[str, Any]]]] = {
    "test_simple_text": ("list_items", {}),
    "test_image_content": ("get_spending", {"chart": True}),
    "test_error_handling": ("list_items", {"list": "Nowhere"}),
    "test_simple_prompt": ("spending_review", {}),
    "test_prompt_with_arguments": ("plan_meals", {"people": "testValue1", "wishes": "testValue2"}),
    "test_prompt_with_embedded_resource": ("restock_check", {}),
}
"""The product's tools and prompts for those of the fixtures, with their arguments."""

STATIC_TEXT: Final = "test://static-text"
FROM_TEMPLATE: Final = "test://template/123/data"
LIST_NAME: Final = "123"
"""The tool looks for the value of its template's variable in what it reads."""


@dataclass(frozen=True, slots=True)
class ProductOutcome:
    """How the scenarios of a revision ended, and what the tool printed."""

    revision: str
    output: str
    scenarios: Sequence[Scenario]

    @property
    def complaints(self) -> list[str]:
        """What did not pass: nothing is expected to fail."""
        return [f"product, {line}" for line in unexpected(self.scenarios, {})]

    @property
    def score(self) -> str:
        """How many of the scenarios passed."""
        return f"{sum(each.ending == Ending.PASSED for each in self.scenarios)} of {len(self.scenarios)}"

    @property
    def report(self) -> str:
        """The tool's own words, and ours."""
        return "\n".join([self.output, f"{self.revision}: {self.score} passed on the product", *self.complaints])

    def subject_of(self, scenario: Scenario) -> str:
        """Return what of the product stands in for the tool's fixture."""
        return SUBJECTS.get(scenario.name, "the endpoint")


async def check_product(program: Path, settings: Settings, results: Path) -> list[ProductOutcome]:
    """Run the scenarios of every revision with a new person, against a server on the database of these settings."""
    renaming = Renaming()
    outcomes: list[ProductOutcome] = []
    async with serving(lambda given: renaming.in_front_of(create_app(given)), settings) as (url, token):
        async with httpx.AsyncClient() as http:
            household = await _fill(McpClient(http, token, path=url))
        renaming.uris[FROM_TEMPLATE] = f"shopping://{household}/lists/L2"
        for revision, names in SCENARIOS.items():
            directory, output = results / revision, ""
            for name in names:
                options = ["--scenario", name, "--spec-version", revision, "--output-dir", directory]
                command = [NODE, program, "server", "--url", url, *options]
                ended = await anyio.run_process(command, check=False, stderr=subprocess.STDOUT)
                output += ended.stdout.decode()
            scenarios = [Scenario(name, None, read_checks(directory, f"server-{name}")) for name in names]
            outcomes.append(ProductOutcome(revision, output, scenarios))
    return outcomes


async def _fill(client: McpClient) -> str:
    """Store what the scenarios are about: a second list, and something that was bought. Return the household's ref."""
    await client.call("save_list", name=LIST_NAME)
    await client.call("add_items", items=[{"name": "milk", "price": 1.19}], list="Groceries")
    await client.call("check_items", items=["milk"], store="Corner shop", list="Groceries")
    return (await client.call("get_overview"))["household"]["ref"]


class Renaming:
    """Replaces the names of fixtures in requests by those of the product; `uris` are those of resources."""

    def __init__(self) -> None:
        self.uris = {STATIC_TEXT: "shopping://guide/quantities"}

    def in_front_of(self, app: ASGIApp) -> ASGIApp:
        """Return the application behind it."""

        async def renamed(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            body = await read_body(receive) or b""
            headers: dict[bytes, bytes] = {}
            message = self.replace(body)
            if message is not None:
                body = json.dumps(message).encode()
                name = message["params"].get("name", message["params"].get("uri", ""))
                headers = {b"content-length": str(len(body)).encode(), b"mcp-name": name.encode()}
            sent = [(header, headers.get(header, value)) for header, value in scope["headers"]]
            await app({**scope, "headers": sent}, replay(body, receive), send)

        return renamed

    def replace(self, body: bytes) -> dict[str, Any] | None:
        """Return the message with the product's names; None if it names nothing of the fixtures."""
        try:
            message = json.loads(body)
            method, params = message["method"], message["params"]
        except (ValueError, KeyError, TypeError):
            return None
        if method in ("tools/call", "prompts/get") and params.get("name") in NAMES:
            name, arguments = NAMES[params["name"]]
            params.update(name=name, arguments=arguments)
        elif method == "resources/read" and params.get("uri") in self.uris:
            params["uri"] = self.uris[params["uri"]]
        elif method == "completion/complete" and params["ref"].get("name") in NAMES:
            params["ref"]["name"], params["argument"]["name"] = "go_shopping", "store"
        else:
            return None
        return message
