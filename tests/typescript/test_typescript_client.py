"""MCP's TypeScript client, in both eras over HTTP, gets everything that the service offers."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import anyio
import pytest

from app.mcp.catalogue import TOOLS
from app.mcp.prompts.serve import PROMPTS
from app.mcp.resources.serve import RESOURCES
from tests.factory import Connected
from tests.npm import NODE, install
from tests.service import Service

HERE = Path(__file__).parent
SECONDS = 60


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client's program, beside what the lock names. Where npm can't install that, this fails with its words."""
    directory = tmp_path_factory.mktemp("typescript")
    install(HERE, directory)
    installed = directory / "client.mjs"
    installed.write_bytes((HERE / "client.mjs").read_bytes())
    return installed


@pytest.mark.anyio
@pytest.mark.slow
@pytest.mark.parametrize(("era", "revision"), [("2026-07-28", "2026-07-28"), ("legacy", "2025-11-25")])
async def test_the_typescript_client_reaches_every_primitive(
    service: Service, ada: Connected, program: Path, era: str, revision: str
) -> None:
    command = [NODE, program, f"{service.url}/mcp", era]
    with anyio.fail_after(SECONDS):
        ended = await anyio.run_process(command, env={**os.environ, "TOKEN": ada.token}, check=False)
    assert ended.returncode == 0, ended.stderr.decode()
    seen: dict[str, Any] = json.loads(ended.stdout)
    assert seen["revision"] == revision
    assert seen["server"]["title"] == "Shopping lists"
    assert seen["server"]["icons"][0]["src"] == f"{service.url}/static/icon.png"
    assert seen["instructions"].startswith("Shared shopping lists")
    assert {"tools", "resources", "prompts", "completions"} <= seen["capabilities"].keys()

    assert [tool["name"] for tool in seen["tools"]] == [tool.name for tool in TOOLS]
    assert seen["added"]["structuredContent"]["counts"] == {"added": 2}
    assert [item["name"] for item in seen["listed"]["structuredContent"]["items"]] == ["flour"]
    assert seen["refused"]["isError"] is True
    assert json.loads(seen["refused"]["content"][0]["text"])["error"]["code"] == "not_found"
    *_, image = seen["spent"]["content"]
    assert (image["type"], image["mimeType"]) == ("image", "image/svg+xml")
    assert base64.b64decode(image["data"]).startswith(b"<svg")

    templates = {str(each.template) for each in RESOURCES if each.is_template}
    assert {each["uriTemplate"] for each in seen["templates"]} == templates
    assert {each["name"] for each in seen["resources"]} == {"quantities", "lists", "members", "list"}
    assert all(each["title"] and each["icons"] for each in (*seen["resources"], *seen["templates"], *seen["prompts"]))
    assert len(seen["contents"]) == len(seen["resources"]) + 2
    for uri, (contents,) in seen["contents"].items():
        assert contents["uri"] == uri
        assert contents["text"]
        assert contents["mimeType"] == ("text/csv" if uri.endswith((".csv", "sample/3")) else "text/markdown")

    assert [each["name"] for each in seen["prompts"]] == [each.name for each in PROMPTS]
    for messages in seen["messages"].values():
        assert messages[0]["content"]["type"] == "text"
    assert seen["completions"] == {
        "store": {"values": ["Corner shop"], "total": 1, "hasMore": False},
        "list": {"values": ["L1"], "total": 1, "hasMore": False},
    }
    check_progress(seen)
    if era == "legacy":
        # It is asked nothing: names are refused with candidates, and the confirmation is an argument.
        assert seen["asked"] == []
        assert seen["chosen"]["isError"] is True
        assert json.loads(seen["chosen"]["content"][0]["text"])["error"]["code"] == "ambiguous"
        assert json.loads(seen["deleted"]["content"][0]["text"])["error"]["field"] == "confirm_name"
    else:
        assert seen["listChanged"] is True
        assert [each["mode"] for each in seen["asked"]] == ["form", "form"]
        assert "Which one is meant?" in seen["asked"][0]["message"]
        (checked,) = seen["chosen"]["structuredContent"]["results"]
        assert (checked["name"], checked["note"]) == ("milk", "oat")
        assert "isError" not in seen["deleted"] or seen["deleted"]["isError"] is False
    # The client shows the -32002 of older revisions as this, too.
    assert seen["missing"]["resource"]["code"] == -32602
    assert seen["missing"]["prompt"]["code"] == -32602
    assert seen["missing"]["token"] is not None
    if era != "legacy":
        assert seen["changed"] == next(uri for uri in seen["contents"] if uri.endswith("/L1"))


def check_progress(seen: dict[str, Any]) -> None:
    """An import and an undo of 1,200 rows tell how far they are, in numbers that grow."""
    assert seen["imported"]["result"]["counts"] == {"added": 1_200}
    assert seen["undone"]["result"]["counts"] == {"undone": 1_200}
    for called, messages in (
        (seen["imported"], ["500 of 1,200 rows read", "1,000 of 1,200 rows planned"]),
        (seen["undone"], ["500 of 1,200 changes read", "1,000 of 1,200 items planned"]),
    ):
        reports = called["reports"]
        assert [each["progress"] for each in reports] == [0, 500, 1_000, 1_200, 1_700, 2_200]
        assert {each["total"] for each in reports} == {2_400}
        assert {each["message"] for each in reports} > set(messages)


def test_the_lock_has_the_version_that_is_asked_for_and_names_no_registry() -> None:
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"]
    lock = json.loads((HERE / "package-lock.json").read_text())["packages"]
    assert {name: lock[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    for name, package in lock.items():
        assert "resolved" not in package, name
        assert not name or package["integrity"].startswith("sha512-"), name
