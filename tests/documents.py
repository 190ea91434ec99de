"""The documents of the repository, as tests read them."""

from pathlib import Path
from typing import Final

from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

ROOT: Final = Path(__file__).parents[1]


def rendered(path: Path) -> BeautifulSoup:
    """A Markdown file as the page that readers see."""
    html = MarkdownIt().enable("table").render(path.read_text())
    return BeautifulSoup(html, "html.parser")


def table(page: BeautifulSoup, *headers: str) -> list[list[str]]:
    """The rows of the table with these column headers, cell by cell."""
    for each in page.select("table"):
        if [cell.get_text() for cell in each.select("thead th")] == list(headers):
            return [[cell.get_text() for cell in row.select("td")] for row in each.select("tbody tr")]
    raise AssertionError(f"no table {headers}")
