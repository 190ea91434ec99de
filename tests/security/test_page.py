"""docs/security.md is what the markers say, and no requirement leaves it unnoticed."""

from pathlib import Path

import pytest

from tests.security.page import PAGE, LostRequirements, render_page, write_page
from tests.security.requirements import read_requirements


def test_the_page_is_what_the_markers_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == render_page(read_requirements()), "run: make docs"


def test_a_requirement_that_is_stated_nowhere_stays_on_the_page_until_its_row_is_deleted(tmp_path: Path) -> None:
    requirements = read_requirements()
    page = tmp_path / "security.md"
    page.write_text(render_page(requirements), encoding="utf-8")
    for lost in (
        next(each for each in requirements if each.state == state) for state in ("Here", "Instead", "Not yet")
    ):
        before = page.read_text(encoding="utf-8")
        requirements.remove(lost)
        with pytest.raises(LostRequirements, match=f"No test states {lost.id}. "):
            write_page(requirements, page)
        assert page.read_text(encoding="utf-8") == before
        rows = [line for line in before.splitlines(keepends=True) if not line.startswith(f"| {lost.id} ")]
        page.write_text("".join(rows), encoding="utf-8")
        write_page(requirements, page)
        assert page.read_text(encoding="utf-8") == render_page(requirements)
