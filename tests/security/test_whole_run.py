"""A whole run fails when a requirement was not proven."""

import pytest

from tests.security.whole_run import WholeRun

pytest_plugins = ["pytester"]

TESTS = """
    import pytest

    @pytest.fixture
    def server():
        pytest.skip("there is no server on this machine")

    def test_passes():
        pass

    @pytest.mark.parametrize("name", ["one", "two"])
    def test_passes_with_each(name):
        pass

    def test_is_skipped(server):
        pass

    @pytest.mark.xfail
    def test_is_known_to_fail():
        raise AssertionError
"""


def run(pytester: pytest.Pytester, **tests_of: list[str]) -> pytest.RunResult:
    """Run the tests above, when these are the tests of each requirement."""
    pytester.makepyfile(test_made=TESTS)
    expected = {name: {f"test_made.py::{test}" for test in tests} for name, tests in tests_of.items()}
    return pytester.runpytest_inprocess("-p", "no:xdist", plugins=[WholeRun(expected)])


def test_a_test_that_did_not_run_and_pass_fails_the_run(pytester: pytest.Pytester) -> None:
    result = run(pytester, one=["test_passes", "test_is_gone"], two=["test_is_known_to_fail", "test_passes_with_each"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    unproven = [
        "*that were not proven*",
        "one: test_made.py::test_is_gone did not run and pass",
        "two: test_made.py::test_is_known_to_fail did not run and pass",
    ]
    result.stdout.fnmatch_lines(unproven, consecutive=True)
    result.stdout.no_fnmatch_line("*: test_made.py::test_passes*")


def test_a_skipped_test_is_named_with_its_reason(pytester: pytest.Pytester) -> None:
    result = run(pytester, one=["test_passes", "test_is_skipped"])
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["test_made.py::test_is_skipped: Skipped: there is no server on this machine"])
    result.stdout.no_fnmatch_line("*that were not proven*")


def test_a_requirement_whose_tests_were_all_skipped_fails_the_run(pytester: pytest.Pytester) -> None:
    result = run(pytester, one=["test_is_skipped"], two=["test_passes"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*that were not proven*", "one: all its tests were skipped"], consecutive=True)
