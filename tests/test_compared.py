"""docs/compared.md: what people ask other products for, with the thread, and the test that shows our answer."""

import ast
import re
from urllib.parse import urlsplit

from tests.documents import ROOT, rendered

PAGE = rendered(ROOT / "docs/compared.md")
ROWS = [row.select("td") for row in PAGE.select("tbody tr")]
ASKED = 24
"""How many requests the page has at least."""

THREAD = re.compile(r"/[\w.-]+/[\w.-]+/(?:issues|pull|discussions)/\d+")


def names_in(path: str) -> set[str]:
    """The names of the tests in a file."""
    tree = ast.parse((ROOT / path).read_text())
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {each.name for each in functions if each.name.startswith("test_")}


def test_each_answer_names_a_test_that_exists() -> None:
    assert len(ROWS) >= ASKED
    named = [row[3].get_text() for row in ROWS]
    for each in named:
        path, _, name = each.partition("::")
        assert name in names_in(path), each
    assert len(set(named)) == len(named), "each answer has a test of its own"


def test_each_request_has_a_public_thread_and_an_answer_in_one_sentence() -> None:
    for asked, thread, answer, _ in ROWS:
        link = thread.find("a")
        assert link is not None, asked
        address = urlsplit(str(link["href"]))  # pyright: ignore[reportIndexIssue]
        assert address.netloc == "github.com"
        assert THREAD.fullmatch(address.path), asked
        text = answer.get_text()
        assert text.endswith("."), text
        assert text.count(". ") == 0, text
