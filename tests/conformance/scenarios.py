"""The scenarios of MCP's conformance tool: which of them a revision requires, and how they ended."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import BaseModel, Field, TypeAdapter
from ruamel.yaml import YAML

REVISIONS: Final = ("2026-07-28", "2025-11-25")


class Check(BaseModel):
    """One check, as the tool writes it into `checks.json`."""

    id: str
    status: str
    message: str | None = Field(default=None, alias="errorMessage")


class Ending(StrEnum):
    """How a scenario ended: the worst of its checks."""

    FAILED = "failed"
    WARNED = "warned"
    """The tool counts it as passed, but asks for something else."""
    PASSED = "passed"
    SKIPPED = "skipped"
    """None of its checks applied."""
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario. Without a reason in `unscored`, the revision requires it."""

    name: str
    unscored: str | None = None
    checks: list[Check] = field(default_factory=list[Check])

    @property
    def ending(self) -> Ending:
        """How it ended."""
        statuses = {each.status for each in self.checks}
        for status, ending in (
            ("FAILURE", Ending.FAILED),
            ("WARNING", Ending.WARNED),
            ("SUCCESS", Ending.PASSED),
        ):
            if status in statuses:
                return ending
        return Ending.SKIPPED if statuses else Ending.NOT_RUN

    @property
    def counts(self) -> bool:
        """Whether the tool counts it as passed: warnings and checks that don't apply are no failures."""
        return self.ending in (Ending.PASSED, Ending.WARNED, Ending.SKIPPED)

    @property
    def complaints(self) -> str:
        """What the tool said against it, in one line."""
        told = [f"{each.id}: {each.message}" for each in self.checks if each.status in ("FAILURE", "WARNING")]
        return "; ".join(told) or "no checks were made"


class _Unscored(BaseModel):
    scenario: str
    leg: str
    reason: str


class _Requirements(BaseModel):
    server: list[str]
    not_scored: list[_Unscored]


def read_scenarios(package: Path, revision: str, results: Path) -> list[Scenario]:
    """Return the scenarios that the tool's `package` has for servers of a revision, with their checks in `results`."""
    path = package / "requirements" / f"{revision}.yaml"
    required = _Requirements.model_validate(YAML(typ="safe").load(path))  # pyright: ignore[reportUnknownMemberType]
    named = [(name, None) for name in required.server]
    named += [(each.scenario, each.reason) for each in required.not_scored if each.leg == "server"]
    return [Scenario(name, unscored, read_checks(results, f"server-{name}")) for name, unscored in named]


def read_checks(results: Path, scenario: str = "*") -> list[Check]:
    """Return the checks in the directories of a scenario, which end with the time of the run."""
    files = sorted(results.glob(f"{scenario}-[0-9][0-9][0-9][0-9]-*T*/checks.json"))
    return [check for file in files for check in TypeAdapter(list[Check]).validate_json(file.read_bytes())]
