"""The documents say what is so: links lead somewhere, and lists match the code."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from app import VERSION
from app.mcp.catalogue import ENDPOINTS, TOOLS
from app.settings import Settings
from tests.documents import ROOT, rendered, table
from tests.web.test_landing import page_of, text_of

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def anchors(page: BeautifulSoup) -> set[str]:
    """The anchors that a reader of the rendered headings gets: lower case, hyphens for spaces, no punctuation."""
    headings = [each.get_text().lower() for each in page.select("h1, h2, h3, h4")]
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    broken: list[str] = []
    for link in (str(each["href"]) for each in rendered(path).select("a[href]")):
        if "://" in link:
            continue
        target, _, anchor = link.partition("#")
        file = (path.parent / target).resolve() if target else path
        if not file.is_relative_to(ROOT) or not file.exists() or (anchor and anchor not in anchors(rendered(file))):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_paths_that_are_named_exist(path: Path) -> None:
    spans = [each.get_text() for each in rendered(path).select("code") if each.parent and each.parent.name != "pre"]
    named = [each for each in spans if re.fullmatch(r"(app|bench|deploy|docs|migrations|tests)/[\w/.-]+", each)]
    assert [each for each in named if not each.endswith("NNNN_name.py") and not (ROOT / each).exists()] == []


def test_the_architecture_page_shows_the_layers_that_are_enforced() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    block = rendered(ROOT / "docs/architecture.md").select_one("pre")
    assert block is not None
    shown = [re.split(r"  +", line)[0] for line in block.get_text().splitlines()]
    assert shown == contracts[0]["layers"]


def test_the_readme_opens_with_the_two_commands() -> None:
    first = rendered(ROOT / "README.md").select_one("pre")
    assert first is not None
    assert first.get_text().split("\n") == ["make run", "make test", ""]


def test_the_readme_lists_the_tools_that_exist() -> None:
    rows = table(rendered(ROOT / "README.md"), "tool", "what it does")
    assert [row[0] for row in rows] == [tool.name for tool in TOOLS]


@pytest.mark.anyio
async def test_the_readme_and_the_front_page_name_every_endpoint() -> None:
    rows = table(rendered(ROOT / "README.md"), "address", "what is there", "for")
    assert [row[0] for row in rows] == [endpoint.path for endpoint in ENDPOINTS]
    settings = Settings(_env_file=None, public_url="http://localhost:8000")  # pyright: ignore[reportCallIssue]
    shown = text_of(await page_of(settings), "code")
    assert {f"{settings.public_url}{endpoint.path}" for endpoint in ENDPOINTS} <= set(shown)


@pytest.mark.anyio
async def test_the_readme_and_the_front_page_give_the_same_commands() -> None:
    settings = Settings(_env_file=None, public_url="http://localhost:8000")  # pyright: ignore[reportCallIssue]
    commands = [text for text in text_of(await page_of(settings), "details pre") if not text.startswith("{")]
    blocks = {each.get_text().strip() for each in rendered(ROOT / "README.md").select("pre")}
    assert commands
    assert set(commands) <= blocks


def test_every_runtime_dependency_has_its_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = [re.split(r"[\[<>=; ]", each)[0] for each in project["dependencies"]]
    rows = table(rendered(ROOT / "docs/dependencies.md"), "package", "what for")
    assert [row[0] for row in rows] == names
    assert all(row[1] for row in rows)


def test_the_version_is_the_same_everywhere() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "bench/requirements.txt"])
def test_the_lock_names_no_index(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "--hash=sha256:" in text
    assert "://" not in text
    assert "index-url" not in text


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    headings = [each.get_text() for each in rendered(ROOT / "CHANGELOG.md").select("h2")]
    assert headings[0] == "[Unreleased]"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_blocks_run_as_they_stand(path: Path) -> None:
    lines = [line for block in rendered(path).select("pre") for line in block.get_text().splitlines()]
    commands = [line for line in lines if "-m app" in line]
    assert [line for line in commands if not line.startswith((".venv/bin/python -m app ", "docker "))] == []


def test_every_make_job_that_the_documents_name_exists() -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    jobs = set(re.findall(r"^  make (\S+)", listed, re.MULTILINE))
    assert {"run", "test", "test-all", "check", "format", "docs", "migrate", "bench", "trips", "lock"} <= jobs
    for path in DOCUMENTS:
        named = {
            match for each in rendered(path).select("code") for match in re.findall(r"\bmake ([a-z-]+)", each.text)
        }
        assert named <= jobs, path
