"""What a serving process has loaded: nothing that only migrations, commands or tests need."""

import re
import subprocess
import sys
from collections import Counter

import pytest

from app.settings import Settings
from tests.service import ROOT, environment_of

pytestmark = pytest.mark.processes

STARTED = "Application startup complete"
IMPORTED = re.compile(r"import time:\s+\d+ \|\s+\d+ \|\s+(\S+)")

NOT_SERVING = (
    *("alembic", "mako", "app.db.migrations", "migrations", "pytest", "bench", "tests", "sqlalchemy.testing"),
    "leather",
    "lark",
    "segno",
    "ua_parser",
    *("webauthn", "cbor2", "OpenSSL"),
    *("babel.messages", "babel.dates"),
    *("recipe_scrapers", "bs4", "lxml"),
)
"""What no process of `serve` loads at its start, once the database is up to date; until then, another process migrates
it. Charts and QR codes are drawn by libraries that are loaded when the first one is asked for."""

PARENT_ONLY = ("app.cli", "app.commands.people", "app.db.startup", "app.db.embedded")
"""What the command needs, but not the workers that it starts."""


def imported_modules(settings: Settings) -> Counter[str]:
    """Serve in interpreters of their own, and return how many of them imported each module."""
    environment = {**environment_of(settings), "PYTHONPROFILEIMPORTTIME": "1"}
    command = [sys.executable, "-m", "app", "serve"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        lines: list[str] = []
        serving = 0
        for line in process.stderr:
            lines.append(line)
            serving += STARTED in line
            if STARTED in line and serving == settings.workers:
                process.terminate()
    assert serving == settings.workers, "".join(lines)
    return Counter(found[1] for line in lines if (found := IMPORTED.match(line)) is not None)


def test_a_process_that_serves_alone_has_loaded_nothing_to_migrate_with(settings: Settings) -> None:
    modules = imported_modules(settings)
    assert modules["app.main"] == 1
    assert [each for each in NOT_SERVING if modules[each]] == []


@pytest.mark.slow
def test_workers_have_loaded_nothing_of_the_command_that_starts_them(settings: Settings) -> None:
    modules = imported_modules(settings.model_copy(update={"workers": 2}))
    assert modules["app.main"] == 1 + 2
    assert [each for each in NOT_SERVING if modules[each]] == []
    assert {each: modules[each] for each in PARENT_ONLY} == dict.fromkeys(PARENT_ONLY, 1)
