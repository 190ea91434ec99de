"""docs/tools.md is what the catalogue says."""

from app.mcp.catalogue import TOOLS
from tests.documents import rendered
from tests.tools.page import PAGE, render_page


def test_the_page_shows_the_tools_of_the_catalogue() -> None:
    assert PAGE.read_text(encoding="utf-8") == render_page(), "run: make docs"


def test_each_tool_has_its_part_with_every_argument() -> None:
    page = rendered(PAGE)
    for tool in TOOLS:
        heading = next(each for each in page.select("h3") if each.get_text() == tool.name)
        rows = heading.find_next("table")
        assert rows is not None
        named = {row.select("td")[0].get_text() for row in rows.select("tbody tr")}
        assert set(tool.input_schema["properties"]) - {"household", "idempotency_key"} <= named, tool.name


def test_the_reasons_of_the_hints_are_sentences() -> None:
    assert all(tool.hints.why.endswith(".") for tool in TOOLS)
