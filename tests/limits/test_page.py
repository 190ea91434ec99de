"""docs/limits.md is what the code says."""

from app.limits import defaults
from app.limits.concurrency import ConcurrencyLimit
from app.limits.rate_limit import RateLimit
from tests.documents import rendered, table
from tests.limits.page import PAGE, render_page


def test_the_page_shows_the_limits_of_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == render_page(), "run: make docs"


def test_each_limit_of_the_code_has_its_row() -> None:
    page = rendered(PAGE)
    rows = [
        *table(page, "name", "at most", "of each", "counts in", "what it counts", "what is said above it"),
        *table(page, "name", "at once", "of each", "waits at most", "what it bounds"),
    ]
    limits = [each for each in vars(defaults).values() if isinstance(each, RateLimit | ConcurrencyLimit)]
    assert limits
    assert {each.name for each in limits} == {row[0] for row in rows}
