"""The scenarios of the conformance tool that do not end as passed, each with how it ends and why that is right.

Any other ending fails the run, a better one too: then the entry is out of date.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from tests.conformance.scenarios import Ending, Scenario

Exceptions = Mapping[str, tuple[Ending, str]]

_TASKS: Final = "The extension for tasks is not offered: no call takes longer than a request may."
_HEADERS: Final = "No tool repeats an argument in a header (`x-mcp-header`), so there is nothing to try."
_REFUSED: Final = "Clients of older revisions are asked for nothing ([decision 17](decisions/0017-conformance.md))."
_SESSIONS: Final = "There are no sessions, and a stream is not resumed: a call is made again, with its idempotency key."

EXCEPTIONS: Final[Mapping[str, Exceptions]] = {
    "2026-07-28": {
        "tasks-lifecycle": (Ending.FAILED, _TASKS),
        "tasks-capability-negotiation": (Ending.FAILED, _TASKS),
        "tasks-wire-fields": (Ending.FAILED, _TASKS),
        "tasks-request-state-removal": (Ending.FAILED, _TASKS),
        "tasks-mrtr-input": (Ending.FAILED, _TASKS),
        "tasks-request-headers": (Ending.FAILED, _TASKS),
        "tasks-dispatch-and-envelope": (Ending.FAILED, _TASKS),
        "tasks-status-notifications": (Ending.SKIPPED, _TASKS),
        "tasks-required-task-error": (Ending.FAILED, _TASKS),
        "tasks-mrtr-composition": (Ending.FAILED, _TASKS),
        "http-custom-header-server-validation": (Ending.FAILED, _HEADERS),
    },
    "2025-11-25": {
        "tools-call-sampling": (Ending.FAILED, _REFUSED),
        "tools-call-elicitation": (Ending.FAILED, _REFUSED),
        "elicitation-sep1034-defaults": (Ending.FAILED, _REFUSED),
        "elicitation-sep1330-enums": (Ending.FAILED, _REFUSED),
        "server-sse-multiple-streams": (Ending.WARNED, _SESSIONS),
        "server-session-lifecycle": (Ending.SKIPPED, _SESSIONS),
        "server-sse-polling": (Ending.WARNED, _SESSIONS),
    },
}


def unexpected(scenarios: Iterable[Scenario], exceptions: Exceptions) -> list[str]:
    """Return a line for each scenario that ended in another way than it should, and for each exception to nothing."""
    lines: list[str] = []
    names: set[str] = set()
    for scenario in scenarios:
        names.add(scenario.name)
        expected = exceptions[scenario.name][0] if scenario.name in exceptions else Ending.PASSED
        if scenario.ending != expected:
            lines.append(f"{scenario.name}: {scenario.ending}, not {expected}: {scenario.complaints}")
    return lines + [f"{name}: the tool has no such scenario" for name in exceptions if name not in names]
