"""The benchmark as a whole: it ends well, says everything, and leaves nothing running."""

import re
import subprocess
import sys

import pytest

from bench.plan import SCENARIOS
from bench.report import HEADINGS
from tests.service import ROOT

FIGURE = re.compile(r"[\d,]+(\.\d+)?")


@pytest.mark.slow
def test_a_quick_run_prints_every_row_with_its_ratios() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "bench", "--quick"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stderr
    blocks = ended.stdout.split("\n\n")[1:]
    assert len(blocks) == len(SCENARIOS)
    for scenario, block in zip(SCENARIOS, blocks, strict=True):
        title, *rows = block.strip("\n").splitlines()
        assert title.startswith(f"{scenario.operation}, {scenario.connections} connection")
        assert len(rows) == len(scenario.candidates)
        for candidate, row in zip(scenario.candidates, rows, strict=True):
            name, cells = row[:28].strip(), row[28:].split()
            assert name == candidate.name
            assert len(cells) == len(HEADINGS)
            assert all(FIGURE.fullmatch(cell) for cell in cells), row
