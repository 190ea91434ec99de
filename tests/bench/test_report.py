"""The table: medians over rounds, and ratios to the limit of the same round."""

from bench.load import Measured
from bench.plan import LIMIT, OURS, Scenario
from bench.report import table


def measured(rate: float) -> Measured:
    """A run of that rate, everything else following from it."""
    return Measured(rate=rate, server_cpu=1e6 / rate, postgres_cpu=1, p50=1e3 / rate, p99=2e3 / rate)


def test_a_ratio_compares_the_runs_of_one_round() -> None:
    scenario = Scenario("add_items", 16, (LIMIT, OURS))
    # The machine was three times as fast in the second round, which says nothing of ours.
    rounds = [{LIMIT.name: measured(limit), OURS.name: measured(limit / 2)} for limit in (1000, 3000, 2000)]

    _, limit, ours = table(scenario, rounds).splitlines()

    assert limit.split() == ["limit", "2,000", "1.00", "500", "1.00", "1", "0.50", "1.00", "1.00"]
    assert ours.removeprefix(f"  {OURS.name}").split() == [
        "1,000",
        "0.50",
        "1,000",
        "2.00",
        "1",
        "1.00",
        "2.00",
        "2.00",
    ]
