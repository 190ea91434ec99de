"""docs/security.md says what is so: it is up to date, and the tests that it names exist."""

import ast
from collections import Counter

import pytest

from tests.documents import ROOT
from tests.security.claims import Claim, read_claims
from tests.security.page import PAGE, security_page


@pytest.fixture(scope="module")
def claims() -> list[Claim]:
    return read_claims()


def lanes_in(path: str) -> dict[str, bool]:
    """The tests of a file, each with whether it is of the slow lane."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    module_marks = [ast.unparse(each) for each in tree.body if isinstance(each, ast.Assign)]
    slow = any("pytestmark" in each and "mark.slow" in each for each in module_marks)
    functions = (each for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
    return {
        each.name: slow or any("mark.slow" in ast.unparse(decorator) for decorator in each.decorator_list)
        for each in functions
        if each.name.startswith("test_")
    }


def test_the_page_is_what_the_table_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == security_page(), "run: python -m tests.security"


def test_each_claim_has_a_name_of_its_own_and_says_something(claims: list[Claim]) -> None:
    assert [name for name, times in Counter(claim.id for claim in claims).items() if times > 1] == []
    assert [claim.id for claim in claims if not (claim.source and claim.requirement and claim.what_we_do)] == []


def test_each_test_that_is_named_exists_and_runs_in_that_lane(claims: list[Claim]) -> None:
    wrong: list[tuple[str, str]] = []
    for claim in claims:
        for test in claim.tests:
            path, _, name = test.partition("::")
            found = lanes_in(path) if (ROOT / path).is_file() else {}
            if found.get(name) is not (claim.lane == "slow"):
                wrong.append((claim.id, test))
    assert wrong == []


def test_what_is_met_is_proven_and_what_is_not_names_no_test(claims: list[Claim]) -> None:
    assert [claim.id for claim in claims if claim.state == "met" and not claim.tests] == []
    assert [claim.id for claim in claims if claim.state == "open" and claim.tests] == []
    assert [claim.id for claim in claims if "DEVIATION" in claim.words or "Not yet" in claim.words] == []
