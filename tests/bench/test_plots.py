"""The plots of the benchmark, which are the only part that needs more than the development tools.

The tests are slow ones, because `make test-all` installs matplotlib and `make test` does not.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.figures import Figures
from bench.plan import ADD, LIMIT, OURS
from tests.bench.test_report import GROWTH, figures_of, measured, rounds_of
from tests.documents import ROOT

DrawPlots = Callable[[Figures, Path], Sequence[str]]


@pytest.fixture
def draw_plots() -> DrawPlots:
    """Return the function, imported late because `make test` collects this file as well."""
    return import_module("bench.plots").draw_plots


@pytest.mark.slow
def test_there_is_a_plot_for_each_kind_of_figure(tmp_path: Path, draw_plots: DrawPlots) -> None:
    loads = {
        ADD.title: rounds_of({LIMIT: 5000, OURS: 1000}),
        GROWTH: [{"10 households": measured(1000), "1,000 households": measured(900)}],
    }

    names = draw_plots(figures_of(loads, {50_000: 120, 100_000: 121}), tmp_path)

    assert names == ["rates.svg", "growth.svg", "memory.svg"]
    for name in names:
        assert ElementTree.parse(tmp_path / name).getroot().tag.endswith("svg")


@pytest.mark.slow
def test_the_same_figures_give_the_same_files(tmp_path: Path, draw_plots: DrawPlots) -> None:
    figures = figures_of({ADD.title: rounds_of({LIMIT: 5000, OURS: 1000})}, {50_000: 120, 100_000: 121})
    (tmp_path / "older.svg").write_text("from a run that measured more")

    draw_plots(figures, tmp_path)
    first = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    draw_plots(figures, tmp_path)

    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == first
    assert sorted(first) == ["memory.svg", "rates.svg"]


@pytest.mark.slow
@pytest.mark.processes
def test_the_plots_pass_the_type_check(tmp_path: Path) -> None:
    # `make check` leaves them out, because it runs without matplotlib.
    (tmp_path / "pyrightconfig.json").write_text(
        json.dumps({"extraPaths": [str(ROOT)], "typeCheckingMode": "strict", "include": ["plots.py"]})
    )
    shutil.copy(ROOT / "bench/plots.py", tmp_path)
    command = [sys.executable, "-m", "pyright", "--project", str(tmp_path), "--pythonpath", sys.executable]
    ended = subprocess.run([*command, "--outputjson"], capture_output=True, text=True, check=False)
    report = json.loads(ended.stdout)
    assert report["generalDiagnostics"] == []
    assert report["summary"]["filesAnalyzed"] >= 1


@pytest.mark.processes
def test_what_make_test_runs_does_without_matplotlib() -> None:
    without = "import sys; sys.modules['matplotlib'] = None"
    modules = "bench.__main__, bench.document, bench.preparing, bench.report, bench.runs, bench.start, bench.trips"
    command = [sys.executable, "-c", f"{without}; import {modules}"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
