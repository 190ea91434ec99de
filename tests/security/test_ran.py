"""A whole run fails when a test that proves a claim did not pass."""

import pytest

from tests.security.ran import ProofsRan

pytest_plugins = ["pytester"]

TESTS = """
    import pytest

    @pytest.fixture
    def server():
        pytest.skip("there is no server on this machine")

    def test_passes():
        pass

    def test_is_skipped(server):
        pass

    @pytest.mark.xfail
    def test_is_known_to_fail():
        raise AssertionError
"""


def run(pytester: pytest.Pytester, *proofs: str) -> pytest.RunResult:
    pytester.makepyfile(test_made=TESTS)
    names = [f"test_made.py::{proof}" for proof in proofs]
    return pytester.runpytest_inprocess("-p", "no:xdist", plugins=[ProofsRan(names)])


def test_a_proof_that_did_not_run_and_pass_fails_the_run(pytester: pytest.Pytester) -> None:
    result = run(pytester, "test_passes", "test_is_gone", "test_is_known_to_fail")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    missing = ["test_made.py::test_is_gone", "test_made.py::test_is_known_to_fail"]
    result.stdout.fnmatch_lines(["*did not run and pass*", *missing], consecutive=True)
    result.stdout.no_fnmatch_line("test_made.py::test_passes")


def test_a_proof_that_was_skipped_is_named_with_its_reason(pytester: pytest.Pytester) -> None:
    result = run(pytester, "test_passes", "test_is_skipped")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["test_made.py::test_is_skipped: Skipped: there is no server on this machine"])
    result.stdout.no_fnmatch_line("*did not run and pass*")
