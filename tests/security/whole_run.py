"""After a whole run: did each requirement's tests run and pass? A plugin of pytest, for tests/conftest.py."""

from collections.abc import Mapping, Sequence
from typing import Final, cast

import pytest

from tests.security.requirements import InvalidRequirement, Lane, read_requirements

_CHOSEN: Final[Mapping[str, Sequence[Lane]]] = {
    "": ("usual", "processes", "slow"),
    "not slow": ("usual", "processes"),
    "not slow and not processes": ("usual",),
    "processes and not slow": ("processes",),
    "slow": ("slow",),
}
"""What a whole run is to prove, by its `-m`."""


class WholeRun:
    """Fails a run in which a test of a requirement is missing, or all tests of a requirement were skipped.

    Skipped tests are named with the reason. With several processes this plugin belongs into the one that gets all
    reports.
    """

    def __init__(self, tests_of: Mapping[str, set[str]]) -> None:
        """Expect tests, as pytest's ids without parameters, by requirement."""
        self._tests_of = tests_of
        self._passed: set[str] = set()
        self._skipped: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what passed or was skipped."""
        test = report.nodeid.partition("[")[0].partition("@")[0]
        if report.when == "call" and report.passed:
            self._passed.add(test)
        # An expected failure is reported as skipped too, without a reason; it proves nothing.
        elif report.skipped and isinstance(report.longrepr, tuple):
            self._skipped[test] = report.longrepr[2]

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Fail the run if something is not proven."""
        if self._unproven() and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name what is not proven, and what was skipped."""
        if unproven := self._unproven():
            terminalreporter.section("requirements of docs/security.md that were not proven")
            for line in unproven:
                terminalreporter.line(line)
        if skipped := sorted(set[str]().union(*self._tests_of.values()) & self._skipped.keys() - self._passed):
            terminalreporter.section("tests of docs/security.md that were skipped")
            for test in skipped:
                terminalreporter.line(f"{test}: {self._skipped[test]}")

    def _unproven(self) -> list[str]:
        lines: list[str] = []
        for requirement, tests in sorted(self._tests_of.items()):
            lines += [
                f"{requirement}: {test} did not run and pass"
                for test in sorted(tests - self._passed - self._skipped.keys())
            ]
            if tests <= self._skipped.keys() - self._passed:
                lines.append(f"{requirement}: all its tests were skipped")
        return lines


def watch_whole_run(config: pytest.Config) -> None:
    """Watch this run if it is a whole one: no files, names or last failures were chosen."""
    options = config.option
    chosen = _CHOSEN.get(cast("str", options.markexpr))
    is_worker = hasattr(config, "workerinput")
    is_part = options.file_or_dir or options.keyword or options.deselect or options.collectonly
    is_rerun = getattr(options, "lf", False)  # not there under `-p no:cacheprovider`
    if chosen is not None and not (is_worker or is_part or is_rerun):
        try:
            requirements = read_requirements()
        except InvalidRequirement as error:
            raise pytest.UsageError(str(error)) from error
        tests_of: dict[str, set[str]] = {}
        for each in requirements:
            if tests := {test.node_id for test in each.tests if test.lane in chosen}:
                tests_of[each.id] = tests
        config.pluginmanager.register(WholeRun(tests_of), "security-requirements")
