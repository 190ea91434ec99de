"""Tables, targets and the document of fixed figures."""

from pathlib import Path

import pytest

from bench.document import render_document
from bench.figures import Figures, Machine, Resident, Round
from bench.load import Measured
from bench.plan import ADD, ADD_ALONE, ADD_MANY, FASTMCP, FASTMCP_OLDER, LIMIT, OURS, OURS_TWICE, TYPESCRIPT, Candidate
from bench.report import report, table
from bench.targets import judge
from tests.documents import rendered
from tests.documents import table as table_of

GROWTH = "list_items as households grow"


def measured(rate: float) -> Measured:
    """A run of that rate, everything else following from it."""
    return Measured(requests=100, rate=rate, server_cpu=1e6 / rate, postgres_cpu=1, p50=1e3 / rate, p99=2e3 / rate)


def round_of(**rates: float) -> Round:
    """A round with these rates, by the names of candidates with underscores."""
    return {name.replace("_", " "): measured(rate) for name, rate in rates.items()}


def rounds_of(rates: dict[Candidate, float]) -> list[Round]:
    """Two rounds; the machine was twice as fast in the second, which says nothing of anybody."""
    return [{each.name: measured(rate * speed) for each, rate in rates.items()} for speed in (1, 2)]


def figures_of(loads: dict[str, list[Round]], memory: dict[int, float] | None = None) -> Figures:
    """Figures with these loads."""
    return Figures(
        machine=Machine(date="2026-11-21", cores=2, python="3.11.7", postgres="18.1", peers={"FastMCP": "4.1.2"}),
        rounds=2,
        seconds=2,
        left_out=["TypeScript: node is not here"],
        loads=loads,
        memory=[Resident(requests=requests, mebibytes=size) for requests, size in (memory or {}).items()],
        starts=[1.5, 9, 2.5],
    )


def verdicts(figures: Figures) -> dict[str, tuple[str, str]]:
    """What was measured, and whether that is enough, by target."""
    return {each.target.what: (each.measured, each.answer) for each in judge(figures)}


def test_a_ratio_compares_the_runs_of_one_round() -> None:
    # The machine was three times as fast in the second round, which says nothing of ours.
    rounds = [round_of(limit=limit, ours=limit / 2) for limit in (1000, 3000, 2000)]

    _, limit, ours = table("add_items", rounds).splitlines()

    assert limit.split() == ["limit", "2,000", "1.00", "500", "1.00", "1", "0.50", "1.00", "1.00"]
    assert ours.split() == ["ours", "1,000", "0.50", "1,000", "2.00", "1", "1.00", "2.00", "2.00"]


def test_targets_are_met_or_missed() -> None:
    add = {LIMIT: 5000.0, OURS: 2000.0, FASTMCP: 400.0, FASTMCP_OLDER: 505.0, TYPESCRIPT: 900.0, OURS_TWICE: 2500.0}
    alone = {LIMIT: 1000.0, OURS: 500.0}
    loads = {ADD.title: rounds_of(add), ADD_ALONE.title: rounds_of(alone), ADD_MANY.title: rounds_of({OURS: 40})}
    found = verdicts(figures_of(loads))

    assert found["`add_items`, rate, of the limit"] == ("0.40", "yes")
    # The better of its modes is the one that counts.
    assert found["`add_items`, rate, of FastMCP in its better mode"] == ("3.96x", "**no**")
    assert found["`add_items`, rate, of the TypeScript SDK"] == ("2.22x", "yes")
    assert found["`add_items`, p99, of the limit"] == ("2.50x", "yes")
    assert found["`add_items` with 100 items, time, of one item's"] == ("12.50x", "**no**")
    assert found["`add_items`, two workers, of one by CPU"] == ("2.50x", "yes")
    assert found["`list_items`, rate, of the limit"] == ("not measured", "")
    assert found["`make run` to the first answer"] == ("2.50 s", "yes")


def test_the_worst_size_counts() -> None:
    rounds = [round_of(few=1000, more=700, many=900), round_of(few=500, more=350, many=450)]
    assert verdicts(figures_of({GROWTH: rounds}))["`list_items`, time, as households grow"] == ("1.43x", "**no**")


@pytest.mark.parametrize(("last", "answer"), [(121.9, "yes"), (123.0, "**no**")])
def test_memory_may_grow_a_little_over_the_second_half(last: float, answer: str) -> None:
    found = verdicts(figures_of({}, {10_000: 90.0, 50_000: 120.0, 100_000: last}))
    assert found["memory of a worker after 100,000 requests"] == (f"{last:.2f} MiB", "yes")
    assert found["memory, growth over the second half of them"][1] == answer


def test_memory_after_fewer_requests_says_nothing() -> None:
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
    assert rows["add_items, rate, of the limit"] == ["at least 0.4", "0.20", "no"]
    assert rows["make run to the first answer"] == ["at most 5 s", "2.50 s", "yes"]
    assert ["100,000", "121.0"] in table_of(page, "requests so far", "MiB resident")
    assert "TypeScript: node is not here" in page.get_text()
    assert "2 cores, Python 3.11.7, PostgreSQL 18.1, FastMCP 4.1.2" in page.get_text()
    assert [each["src"] for each in page.select("img")] == ["benchmarks/rates.svg", "benchmarks/memory.svg"]
    assert report(figures)


def test_a_run_that_left_parts_out_has_a_document_of_the_others() -> None:
    page = render_document(figures_of({}).model_copy(update={"starts": []}), [])
    assert "## Under load" not in page
    assert "## Start" not in page
    assert "not measured" in page
