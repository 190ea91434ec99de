"""MCP's conformance tool has nothing against the authorization server."""

import json
from pathlib import Path

import pytest

from tests.conformance.scenarios import Check
from tests.conformance.tool import EXPECTED, HERE, VERSION, Outcome, check_authorization_server, install_tool
from tests.service import Service


@pytest.mark.proves("""cl-conformance MUST own rule
    The official conformance suite's authorization scenarios pass.
    Here: MCP's own conformance tool runs both its scenarios against the service.""")
@pytest.mark.slow
def test_the_authorization_server_passes_both_scenarios(service: Service, tmp_path: Path) -> None:
    outcome = check_authorization_server(install_tool(tmp_path), service.url, tmp_path / "results")
    assert outcome.is_as_expected, outcome.report


@pytest.mark.parametrize("status", ["FAILURE", "SKIPPED", None])
@pytest.mark.parametrize("name", EXPECTED)
def test_a_check_that_fails_or_is_left_out_is_no_pass(name: str, status: str | None) -> None:
    passing = [Check(id=each, status=ended) for each, ended in EXPECTED.items()]
    assert Outcome(0, "", passing).is_as_expected
    others = [each for each in passing if each.id != name]
    changed = [Check(id=name, status=status)] if status is not None else []
    assert not Outcome(0, "", others + changed).is_as_expected


def test_the_lock_has_the_version_that_is_asked_for_and_names_no_registry() -> None:
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"]
    lock = json.loads((HERE / "package-lock.json").read_text())
    assert wanted == {"@modelcontextprotocol/conformance": VERSION}
    assert lock["packages"]["node_modules/@modelcontextprotocol/conformance"]["version"] == VERSION
    for name, package in lock["packages"].items():
        assert "resolved" not in package, name
        assert not name or package["integrity"].startswith("sha512-"), name
