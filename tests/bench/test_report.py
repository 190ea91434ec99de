"""Tables, targets and the document of fixed figures."""

from pathlib import Path

import pytest

from bench.document import render_document
from bench.figures import Figures, Machine, Resident, Round
from bench.load import Measured
from bench.plan import (
    ADD,
    ADD_ALONE,
    ALONE,
    BESIDE,
    FASTMCP,
    FASTMCP_OLDER,
    FIRST,
    LIMIT,
    OURS,
    OURS_MANY,
    OURS_OLDER,
    OURS_TWICE,
    REMOVE,
    SECOND,
    SILENCE,
    TYPESCRIPT,
    Candidate,
)
from bench.report import format_report, format_table
from bench.targets import judge
from tests.documents import rendered
from tests.documents import table as table_of

GROWTH = "list_items as households grow"


def measured(rate: float) -> Measured:
    """Return a run with this rate, and everything else derived from it."""
    seconds = 1 / rate
    return Measured(
        requests=100,
        rate=rate,
        server_cpu=seconds * 1e6,
        postgres_cpu=1,
        p50=seconds * 1e3,
        p99=seconds * 2e3,
        worst=seconds * 3e3,
    )


def round_of(**rates: float) -> Round:
    """Return a round with these rates; underscores in the names of candidates stand for spaces."""
    return {name.replace("_", " "): measured(rate) for name, rate in rates.items()}


def rounds_of(rates: dict[Candidate, float]) -> list[Round]:
    """Return two rounds; the machine was twice as fast in the second, which must not matter."""
    return [{each.name: measured(rate * speed) for each, rate in rates.items()} for speed in (1, 2)]


def figures_of(loads: dict[str, list[Round]], memory: dict[int, float] | None = None) -> Figures:
    """Return figures with these loads."""
    return Figures(
        machine=Machine(date="2026-11-21", cores=2, python="3.11.7", postgres="18.1", peers={"FastMCP": "4.1.2"}),
        rounds=2,
        seconds=2,
        left_out=["TypeScript: node is missing"],
        loads=loads,
        memory=[Resident(requests=requests, mebibytes=size) for requests, size in (memory or {}).items()],
        starts=[1.5, 9, 2.5],
    )


def verdicts(figures: Figures) -> dict[str, tuple[str, str]]:
    """Return what was measured, and whether that is enough, by target."""
    return {each.target.what: (each.measured, each.answer) for each in judge(figures)}


def test_a_ratio_compares_the_runs_of_one_round() -> None:
    # The machine was three times as fast in the second round, which must not matter.
    rounds = [round_of(limit=limit, ours=limit / 2) for limit in (1000, 3000, 2000)]

    _, limit, ours = format_table("add_items", rounds).splitlines()

    assert limit.split() == ["limit", "2,000", "1.00", "500", "1.00", "1", "0.50", "1.00", "1.00", "1.5"]
    assert ours.split() == ["ours", "1,000", "0.50", "1,000", "2.00", "1", "1.00", "2.00", "2.00", "3.0"]


def test_targets_are_met_or_missed() -> None:
    peers = {FASTMCP: 400.0, FASTMCP_OLDER: 505.0, TYPESCRIPT: 900.0}
    add = {LIMIT: 5000.0, OURS: 2100.0, OURS_OLDER: 1800.0, **peers, OURS_TWICE: 2625.0}
    loads = {
        ADD.title: rounds_of(add),
        ADD_ALONE.title: rounds_of({LIMIT: 1000.0, OURS: 500.0, OURS_MANY: 40}),
        SILENCE.title: rounds_of({SECOND: 1000, FIRST: 800}),
    }
    found = verdicts(figures_of(loads))

    assert found["`add_items`, rate, of the limit"] == ("0.42", "met")
    assert found["`add_items` of a 2025-11-25 client, rate, of the newer one"] == ("0.86", "**missed**")
    assert found["`add_items`, rate, of the better peer (goal 4x)"] == ("2.33x", "**missed**")
    assert found["`add_items`, p99, of the limit"] == ("2.38x", "met")
    assert found["first call after 2 s of silence, CPU, of the second"] == ("1.25x", "met")
    assert found["`add_items` with 100 items, time, of one item's"] == ("12.50x", "**missed**")
    assert found["`add_items`, two workers, of one by CPU"] == ("2.50x", "met")
    assert found["`list_items`, rate, of the limit"] == ("not measured", "")
    assert found["`make run` to the first answer"] == ("2.50 s", "met")


def test_without_one_of_the_peers_it_is_unknown_which_is_the_better() -> None:
    found = verdicts(figures_of({ADD.title: rounds_of({LIMIT: 5000, OURS: 2000, FASTMCP: 400, FASTMCP_OLDER: 500})}))
    assert found["`add_items`, rate, of the better peer (goal 4x)"] == ("not measured", "")


def test_the_worst_wait_is_that_of_the_worse_call_in_the_middle_round() -> None:
    removing, undoing = (each.name for each in BESIDE)
    rounds = [{ALONE.name: measured(900), removing: measured(each), undoing: measured(600)} for each in (30, 10, 20)]
    what = "worst wait of others while a call removes 9,500 items, or undoes that"
    assert verdicts(figures_of({REMOVE.title: rounds}))[what] == ("150.00 ms", "**missed**")


def test_the_worst_size_counts() -> None:
    rounds = [round_of(few=1000, more=700, many=900), round_of(few=500, more=350, many=450)]
    assert verdicts(figures_of({GROWTH: rounds}))["`list_items`, time, as households grow"] == ("1.43x", "**missed**")


@pytest.mark.parametrize(("last", "answer"), [(119.0, "met"), (119.9, "**missed**")])
def test_memory_may_grow_a_little_over_the_second_half(last: float, answer: str) -> None:
    found = verdicts(figures_of({}, {10_000: 90.0, 50_000: 117.0, 100_000: last}))
    assert found["memory of a worker after 100,000 requests"] == (f"{last:.2f} MiB", "met")
    assert found["memory, growth over the second half of them"][1] == answer


def test_memory_after_fewer_requests_is_not_judged() -> None:
    found = verdicts(figures_of({}, {25_000: 90.0, 50_000: 90.0}))
    assert found["memory of a worker after 100,000 requests"] == ("not measured", "")


def test_a_target_without_figures_is_neither_met_nor_missed() -> None:
    figures = figures_of({}).model_copy(update={"starts": []})
    assert all((each.value, each.met) == (None, None) for each in judge(figures))


def test_the_document_shows_targets_tables_and_plots(tmp_path: Path) -> None:
    loads = {
        ADD.title: rounds_of({LIMIT: 5000, OURS: 1000}),
        GROWTH: [{"10 households": measured(1000), "1,000 households": measured(900)}],
    }
    figures = figures_of(loads, {50_000: 120, 100_000: 121})
    path = tmp_path / "benchmarks.md"

    path.write_text(render_document(figures, ["benchmarks/rates.svg", "benchmarks/memory.svg"]))

    page = rendered(path)
    rows = {row[0]: row[1:] for row in table_of(page, "target", "wanted", "measured", "met?")}
    assert rows["add_items, rate, of the limit"] == ["at least 0.42", "0.20", "missed"]
    assert rows["make run to the first answer"] == ["at most 5 s", "2.50 s", "met"]
    assert ["100,000", "121.0"] in table_of(page, "requests so far", "MiB resident")
    assert "TypeScript: node is missing" in page.get_text()
    assert "2 cores, Python 3.11.7, PostgreSQL 18.1, FastMCP 4.1.2" in page.get_text()
    assert [each["src"] for each in page.select("img")] == ["benchmarks/rates.svg", "benchmarks/memory.svg"]
    assert format_report(figures)


def test_the_document_leaves_out_parts_that_were_not_measured() -> None:
    page = render_document(figures_of({}).model_copy(update={"starts": []}), [])
    assert "## Under load" not in page
    assert "## Start" not in page
    assert "not measured" in page
