"""The requirements that the service meets, read from the marker `proves` of the tests.

A requirement is stated at one test that proves it: id, level, sources, the requirement in our words, and how it is met.

    @pytest.mark.proves('''cd-short MUST RFC 6749 §4.1.2; OAuth 2.1 §4.1.2
        An authorization code is short-lived.
        Here: It expires after 60 seconds.''')

`Instead:` in place of `Here:` says that we do something else on purpose, and why. Other tests that prove the same
requirement name its id: `@pytest.mark.proves("cd-short")`. What no test can show yet stands in unproven.py.
"""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, cast

from tests.documents import ROOT
from tests.security.unproven import UNPROVEN

TESTS: Final = ROOT / "tests"

Level = Literal["MUST", "SHOULD"]
State = Literal["Here", "Instead", "Not yet"]
Lane = Literal["usual", "processes", "slow"]
"""What runs a test: `make test`, `make test-processes`, or only `make test-all`."""

_MARKER: Final = "pytest.mark.proves"
_ID: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
# Long sources begin or go on in the next line: after the level, or after a semicolon.
_STATEMENT: Final = re.compile(
    rf"(?P<id>{_ID.pattern}) (?P<level>MUST|SHOULD)\s+(?P<sources>(.*;\n)*.+)\n"
    r"(?P<words>(.+\n)+?) *(?P<state>Here|Instead|Not yet): (?P<answer>(.+\n?)+)"
)
_SOURCES: Final = ("MCP ", "OAuth 2.1", "RFC ", "CIMD §", "OIDC ", "draft-ietf-", "Fetch standard", "OWASP", "own rule")


class InvalidRequirement(ValueError):
    """A requirement, or a marker, that is not as it must be."""


@dataclass(frozen=True, slots=True)
class MarkedTest:
    """A test function that has the marker; `node_id` is pytest's, without parameters."""

    node_id: str
    lane: Lane

    @property
    def name(self) -> str:
        """The name of the function."""
        return self.node_id.rpartition("::")[2]


@dataclass(frozen=True, slots=True)
class Requirement:
    """What is asked, by whom, what we do about it, and the tests that prove it."""

    id: str
    level: Level
    sources: str
    words: str
    state: State
    answer: str
    tests: tuple[MarkedTest, ...] = ()


def read_requirements(tests: Path = TESTS, unproven: tuple[str, ...] = UNPROVEN) -> list[Requirement]:
    """Return the requirements stated in a directory of tests, and the unproven ones, ordered by id.

    The files are read, not imported: that takes half a second, and pytest's collecting ten.

    Raises:
        InvalidRequirement: A text has not the form above, or an id is not stated exactly once.
    """
    stated = [parse_requirement(text) for text in unproven]
    if met := [each.id for each in stated if each.state == "Here"]:
        raise InvalidRequirement(f"met, so a test must state it: {', '.join(met)}")
    proofs: defaultdict[str, set[MarkedTest]] = defaultdict(set)
    for test, text in _read_markers(tests):
        id = text
        if not _ID.fullmatch(text):
            requirement = parse_requirement(text)
            stated.append(requirement)
            id = requirement.id
        proofs[id].add(test)
    times = Counter(each.id for each in stated)
    if repeated := sorted(id for id, count in times.items() if count > 1):
        raise InvalidRequirement(f"stated more than once: {', '.join(repeated)}")
    if unstated := sorted(proofs.keys() - times.keys()):
        raise InvalidRequirement(f"named at tests, but stated nowhere: {', '.join(unstated)}")
    requirements = [replace(each, tests=tuple(sorted(proofs[each.id], key=_by_name))) for each in stated]
    if done := [each.id for each in requirements if each.state == "Not yet" and each.tests]:
        raise InvalidRequirement(f"has a test, so it can't be `Not yet`: {', '.join(done)}")
    return sorted(requirements, key=lambda each: each.id)


def parse_requirement(text: str) -> Requirement:
    """Return the requirement that a text states.

    Raises:
        InvalidRequirement: The text has another form, or names an unknown source.
    """
    match = _STATEMENT.fullmatch(text)
    if match is None:
        raise InvalidRequirement(f"neither an id nor `id LEVEL sources`, the requirement, and `Here: ...`: {text!r}")
    part = {name: " ".join(value.split()) for name, value in match.groupdict().items()}
    if unknown := [each for each in part["sources"].split("; ") if not each.startswith(_SOURCES)]:
        raise InvalidRequirement(f"{part['id']} has unknown sources: {unknown}")
    return Requirement(
        id=part["id"],
        level=cast("Level", part["level"]),
        sources=part["sources"],
        words=part["words"],
        state=cast("State", part["state"]),
        answer=part["answer"],
    )


def _by_name(test: MarkedTest) -> tuple[str, str]:
    return test.name, test.node_id


def _read_markers(tests: Path) -> Iterator[tuple[MarkedTest, str]]:
    """Yield each text in a marker, with its test."""
    for path in sorted(tests.rglob("test_*.py")):
        code = path.read_text(encoding="utf-8")
        if _MARKER in code:
            yield from _read_module(ast.parse(code), path.relative_to(tests.parent).as_posix())


def _lane(marks: Sequence[str]) -> Lane:
    if any("pytest.mark.slow" in each for each in marks):
        return "slow"
    return "processes" if any("pytest.mark.processes" in each for each in marks) else "usual"


def _read_module(module: ast.Module, path: str) -> Iterator[tuple[MarkedTest, str]]:
    markers: list[ast.expr] = [
        each for each in ast.walk(module) if isinstance(each, ast.Attribute) and ast.unparse(each) == _MARKER
    ]
    module_marks = [code for code in map(ast.unparse, module.body) if code.startswith("pytestmark = ")]
    for function in module.body:
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and function.name.startswith("test_"):
            marks = [*module_marks, *map(ast.unparse, function.decorator_list)]
            test = MarkedTest(f"{path}::{function.name}", _lane(marks))
            for decorator in function.decorator_list:
                if isinstance(decorator, ast.Call) and decorator.func in markers:
                    markers.remove(decorator.func)
                    for argument in decorator.args:
                        yield test, str(ast.literal_eval(argument))
    # In `pytestmark`, say, it would prove something that the page does not show.
    if markers:
        raise InvalidRequirement(f"{path}:{markers[0].lineno}: {_MARKER} must decorate a test function of the module")
