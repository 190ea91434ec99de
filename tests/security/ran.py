"""After a whole run: did each test that proves a claim really run and pass? Hooks of pytest, for tests/conftest.py."""

from typing import Final, cast

import pytest

from tests.security.claims import Lane, proving_tests

_LANES: Final[dict[str, tuple[Lane, ...]]] = {"not slow": ("fast",), "slow": ("slow",), "": ("fast", "slow")}


class ProofsRan:
    """Follows one run; with several processes, in the one that hears of all reports."""

    def __init__(self, lanes: tuple[Lane, ...]) -> None:
        self._missing = set[str]().union(*(proving_tests(lane) for lane in lanes))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Strike out what has passed."""
        if report.when == "call" and report.passed:
            self._missing.discard(report.nodeid.partition("[")[0].partition("@")[0])

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """A run in which a proof is missing has failed."""
        if self._missing and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name the missing ones."""
        if self._missing:
            terminalreporter.section("docs/security.csv names tests that did not run and pass")
            for test in sorted(self._missing):
                terminalreporter.line(test)


def follow_proofs(config: pytest.Config) -> None:
    """Follow this run if it is a whole one: no files, names or last failures were chosen."""
    chosen = config.option
    lanes = _LANES.get(cast("str", chosen.markexpr))
    is_worker = hasattr(config, "workerinput")
    partly = chosen.file_or_dir or chosen.keyword or chosen.deselect or chosen.lf or chosen.collectonly
    if lanes is not None and not is_worker and not partly:
        config.pluginmanager.register(ProofsRan(lanes), "proofs-ran")
