"""Profiles of fixed samples; the sampling itself is part of `make bench ARGS=--profile`."""

import pytest

from bench.profile import innermost_of_ours, library, render_profile
from tests.documents import ROOT

SERVE = f"serve ({ROOT}/app/serve.py:20)"
ADD = f"add_items ({ROOT}/app/lists/items/add.py:30)"
POOL = "Pool.fetch (/usr/venv/lib/python3.11/site-packages/asyncpg/pool.py:7)"
RUN = "Runner.run (/usr/lib/python3.11/asyncio/runners.py:118)"


@pytest.mark.parametrize(
    ("stack", "code", "ours"),
    [
        ([SERVE, RUN, ADD, POOL], "asyncpg", "app/lists/items/add.py: add_items"),
        ([SERVE, RUN, ADD, POOL, ""], "asyncpg", "app/lists/items/add.py: add_items"),
        ([SERVE, RUN, ADD], "app/lists", "app/lists/items/add.py: add_items"),
        ([SERVE, RUN], "Python: asyncio/runners.py", "app/serve.py: serve"),
        ([RUN, "Mapping.get (<frozen _collections_abc>:774)"], "Python: frozen _collections_abc", None),
        (["nothing that names a file"], "Python: generated", None),
    ],
)
def test_a_sample_counts_for_the_code_that_ran_and_for_our_function_that_called_it(
    stack: list[str], code: str, ours: str | None
) -> None:
    assert library(stack) == code
    assert innermost_of_ours(stack) == (ours or code)


def test_a_profile_shows_shares_and_times() -> None:
    stacks = f"{SERVE};{RUN};{ADD};{POOL} 30\n{SERVE};{RUN} 50\n{SERVE};{RUN};{ADD} 20\n"
    page = render_profile("add_items", 2000, stacks)
    assert "100 samples; 2,000 µs of CPU a request." in page
    assert "| `asyncpg` | 30.0 | 600 |" in page
    assert "| `app/lists/items/add.py: add_items` | 50.0 | 1,000 |" in page
