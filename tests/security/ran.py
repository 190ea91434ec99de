"""After a whole run: did each test that proves a claim really run and pass? Hooks of pytest, for tests/conftest.py."""

from collections.abc import Collection
from typing import Final, cast

import pytest

from tests.security.claims import Lane, proving_tests

_LANES: Final[dict[str, tuple[Lane, ...]]] = {"not slow": ("fast",), "slow": ("slow",), "": ("fast", "slow")}


class ProofsRan:
    """Follows one run; with several processes, in the one that hears of all reports.

    A proof that is skipped, because the machine has not what it needs, is named with the reason; the run goes on.
    """

    def __init__(self, proofs: Collection[str]) -> None:
        self._missing = set(proofs)
        self._skipped: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Strike out what has passed, and note what was skipped."""
        test = report.nodeid.partition("[")[0].partition("@")[0]
        if report.when == "call" and report.passed:
            self._missing.discard(test)
        # An expected failure is reported as skipped as well, without a place and a reason; it proves nothing.
        elif report.skipped and isinstance(report.longrepr, tuple) and test in self._missing:
            self._skipped[test] = report.longrepr[2]

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """A run in which a proof is missing has failed."""
        if self._missing - self._skipped.keys() and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name the missing ones, and those that were skipped."""
        if missing := self._missing - self._skipped.keys():
            terminalreporter.section("docs/security.csv names tests that did not run and pass")
            for test in sorted(missing):
                terminalreporter.line(test)
        if skipped := self._missing & self._skipped.keys():
            terminalreporter.section("docs/security.csv names tests that were skipped")
            for test in sorted(skipped):
                terminalreporter.line(f"{test}: {self._skipped[test]}")


def follow_proofs(config: pytest.Config) -> None:
    """Follow this run if it is a whole one: no files, names or last failures were chosen."""
    chosen = config.option
    lanes = _LANES.get(cast("str", chosen.markexpr))
    is_worker = hasattr(config, "workerinput")
    partly = chosen.file_or_dir or chosen.keyword or chosen.deselect or chosen.lf or chosen.collectonly
    if lanes is not None and not is_worker and not partly:
        proofs = set[str]().union(*(proving_tests(lane) for lane in lanes))
        config.pluginmanager.register(ProofsRan(proofs), "proofs-ran")
