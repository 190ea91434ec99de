"""How requirements are read from the markers of tests."""

from pathlib import Path

import pytest

from tests.security.requirements import InvalidRequirement, MarkedTest, read_requirements

STATED = '''\
import pytest


@pytest.mark.proves("""cd-short MUST RFC 6749 §4.1.2;
    OAuth 2.1 §4.1.2
    An authorization code is
    short-lived.
    Here: It expires after
    60 seconds.""")
@pytest.mark.parametrize("seconds", [60, 61])
async def test_a_code_expires(seconds): ...
'''

OTHERS = '''\
import pytest

@pytest.mark.slow
@pytest.mark.proves("cd-short", "cd-hashed")
def test_it_is_tried_for_an_hour(): ...

@pytest.mark.proves("""cd-hashed SHOULD
    own rule
    Codes are stored as hashes.
    Instead: They are encrypted.""")
def test_another(): ...
'''

MISSING = """cd-bound MUST OWASP
    A code is bound to its client.
    Not yet: Nothing checks it."""


def write(directory: Path, **files: str) -> Path:
    tests = directory / "tests"
    (tests / "oauth").mkdir(parents=True)
    for name, code in files.items():
        (tests / "oauth" / f"test_{name}.py").write_text(code, encoding="utf-8")
    return tests


def test_a_requirement_is_stated_at_one_test_and_named_at_others(tmp_path: Path) -> None:
    bound, hashed, short = read_requirements(write(tmp_path, codes=STATED, others=OTHERS), (MISSING,))
    assert (short.id, short.level, short.sources) == ("cd-short", "MUST", "RFC 6749 §4.1.2; OAuth 2.1 §4.1.2")
    assert short.words == "An authorization code is short-lived."
    assert (short.state, short.answer) == ("Here", "It expires after 60 seconds.")
    slow = MarkedTest("tests/oauth/test_others.py::test_it_is_tried_for_an_hour", lane="slow")
    assert short.tests == (MarkedTest("tests/oauth/test_codes.py::test_a_code_expires", lane="usual"), slow)
    assert (hashed.level, hashed.sources, hashed.state) == ("SHOULD", "own rule", "Instead")
    assert hashed.tests == (MarkedTest("tests/oauth/test_others.py::test_another", lane="usual"), slow)
    assert (bound.state, bound.answer, bound.tests) == ("Not yet", "Nothing checks it.", ())


@pytest.mark.parametrize("lane", ["processes", "slow"])
def test_a_module_can_be_left_out_of_make_test(lane: str, tmp_path: Path) -> None:
    marks = f"pytestmark = [pytest.mark.{lane}, pytest.mark.anyio]"
    code = STATED.replace("import pytest\n", f"import pytest\n\n{marks}\n")
    (requirement,) = read_requirements(write(tmp_path, codes=code), ())
    assert [test.lane for test in requirement.tests] == [lane]


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("MUST", "MAY", "neither an id nor"),
        ("    Here: ", "    ", "neither an id nor"),
        ("RFC 6749", "RCF 6749", "unknown sources: ['RCF 6749 §4.1.2']"),
        ("Here: ", "Not yet: ", "can't be `Not yet`: cd-short"),
        ("async def", '@pytest.mark.proves("cd-once")\nasync def', "stated nowhere: cd-once"),
        ("async def test_a_code_expires", "async def code_expires", "must decorate a test function"),
        (
            "import pytest\n",
            "import pytest\n\npytestmark = pytest.mark.proves('cd-short')\n",
            "must decorate a test function",
        ),
    ],
)
def test_a_marker_that_is_not_as_it_must_be_is_refused(tmp_path: Path, before: str, after: str, fault: str) -> None:
    assert before in STATED
    tests = write(tmp_path, codes=STATED.replace(before, after))
    with pytest.raises(InvalidRequirement) as refused:
        read_requirements(tests, ())
    assert fault in str(refused.value)


def test_a_requirement_is_stated_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequirement, match="stated more than once: cd-short"):
        read_requirements(write(tmp_path, codes=STATED, again=STATED), ())


def test_what_is_met_is_stated_at_a_test(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequirement, match="a test must state it: cd-bound"):
        read_requirements(write(tmp_path), (MISSING.replace("Not yet", "Here"),))
