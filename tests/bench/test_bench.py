"""The benchmark as a whole: it succeeds, prints every figure, and leaves the document alone."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.figures import Figures
from bench.memory import BLOCKS
from bench.peers import PeerMissing, peers
from bench.plan import COMPARISONS
from bench.report import HEADINGS, TITLE_WIDTH
from bench.sizes import QUICK
from bench.targets import judge
from tests.service import ROOT

FIGURE = re.compile(r"[\d,]+(\.\d+)?")
OF_PEERS = {"FastMCP, 2026-07-28": "FastMCP", "FastMCP, 2025-11-25": "FastMCP", "TypeScript SDK": "TypeScript"}


def missing_peers() -> set[str]:
    """Return the peers that a quick run leaves out, because it installs nothing."""
    missing: set[str] = set()
    for peer in peers():
        try:
            peer.prepare(may_install=False)
        except PeerMissing:
            missing.add(peer.name)
    return missing


@pytest.mark.slow
def test_a_quick_run_measures_everything_that_is_installed(tmp_path: Path) -> None:
    document = ROOT / "docs/benchmarks.md"
    before = document.read_bytes() if document.exists() else None
    missing = missing_peers()

    command = [sys.executable, "-m", "bench", "--quick", "--json", str(tmp_path / "figures.json")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr
    blocks = {block.splitlines()[0][:TITLE_WIDTH].strip(): block for block in ended.stdout.strip().split("\n\n")}
    for scenario in (*COMPARISONS, *QUICK.growth):
        _, *rows = blocks[scenario.title].splitlines()
        names = [each.name for each in scenario.candidates if OF_PEERS.get(each.name) not in missing]
        assert [row[:TITLE_WIDTH].strip() for row in rows] == names
        for row in rows:
            cells = row[TITLE_WIDTH:].split()
            assert len(cells) == len(HEADINGS)
            assert all(FIGURE.fullmatch(cell) for cell in cells), row
    for name in missing:
        assert f"{name} is left out: it is not installed; `make bench` installs it" in ended.stderr
    figures = Figures.model_validate_json((tmp_path / "figures.json").read_text())
    assert len(figures.memory) == BLOCKS  # of too few requests to be judged
    unjudged = {each.target.what for each in judge(figures) if each.met is None if "memory" not in each.target.what}
    assert all("peer" in each for each in unjudged) if missing else not unjudged
    assert (document.read_bytes() if document.exists() else None) == before
