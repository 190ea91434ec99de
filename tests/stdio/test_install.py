"""`python -m app stdio --install`: the configuration of desktop apps, and that an app can start what it says."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from tests.command import run
from tests.journeys.product import Product
from tests.stdio.conftest import ADA

pytestmark = pytest.mark.xdist_group("stdio")

FILES: Final = {
    "claude-desktop": ".config/Claude/claude_desktop_config.json",
    "cursor": ".cursor/mcp.json",
    "vscode": ".config/Code/User/mcp.json",
}
SERVERS: Final = {"claude-desktop": "mcpServers", "cursor": "mcpServers", "vscode": "servers"}
NOBODY: Final = 65534
OTHER: Final = {"command": "npx", "args": ["-y", "other"], "env": {"TOKEN": "ü"}}


class Desk:
    """A person's home directory, and the directory where the project is."""

    def __init__(self, path: Path) -> None:
        self.home, self.project = path / "home", path / "project"
        self.home.mkdir()
        self.project.mkdir()

    def file(self, host: str) -> Path:
        """The configuration of an app."""
        return self.home / FILES[host]

    def write(self, host: str, text: str) -> Path:
        """Make that file."""
        path = self.file(host)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def install(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        """Run the command in the project's directory: status, stdout, stderr."""
        ended = run(self.project, "stdio", "--install", *arguments, HOME=str(self.home), **environment)
        return ended.returncode, ended.stdout, ended.stderr

    def backups(self, host: str) -> Sequence[Path]:
        """What was kept of the configuration."""
        return sorted(self.file(host).parent.glob("*.bak"))

    def left(self, host: str) -> list[str]:
        """The names of all files beside it."""
        return sorted(each.name for each in self.file(host).parent.iterdir())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.anyio
@pytest.mark.processes
@pytest.mark.parametrize("host", FILES)
async def test_an_app_starts_what_its_configuration_says_from_any_directory(
    desk: Desk, product: Product, host: str, tmp_path: Path
) -> None:
    desk.write(host, json.dumps({SERVERS[host]: {"other": OTHER}, "theme": "dark"}))
    status, stdout, _ = desk.install(host, "--person", ADA, DATA_DIR=str(product.data_dir))
    assert status == 0
    assert f"Added shopping-list to {desk.file(host)}." in stdout
    configuration = json.loads(desk.file(host).read_text(encoding="utf-8"))
    assert (configuration["theme"], configuration[SERVERS[host]]["other"]) == ("dark", OTHER)
    entry = configuration[SERVERS[host]]["shopping-list"]
    assert entry.get("type") == ("stdio" if host == "vscode" else None)
    # Apps start it in the directory of some other project, with next to no environment.
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "app").mkdir(parents=True)
    (elsewhere / "app" / "__init__.py").write_text("raise SystemExit('another program')")
    (elsewhere / ".env").write_text("PORT=ninety\nDATABASE_URL=postgresql://a:b@localhost/theirs\n")
    server = StdioServerParameters(
        command=entry["command"],
        args=entry["args"],
        env={"HOME": str(desk.home), "PATH": os.defpath, **entry["env"]},
        cwd=elsewhere,
    )
    async with Client(stdio_client(server)) as client:
        result = await client.call_tool("get_overview", {})
    assert result.structured_content is not None
    assert result.structured_content["household"]["name"] == "ada's household"


def test_the_entry_is_only_shown_on_request(desk: Desk) -> None:
    status, stdout, stderr = desk.install("cursor", "--print", "--name", "groceries", "--client", "My editor")
    assert status == 0
    [(name, entry)] = json.loads(stdout)["mcpServers"].items()
    assert name == "groceries"
    assert entry["args"][-5:] == ["--directory", str(desk.project), "stdio", "--client", "My editor"]
    assert entry["env"]["DATA_DIR"] == str(desk.project / "data")
    assert stderr == f"This belongs into {desk.file('cursor')}.\n"
    assert not desk.file("cursor").exists()


def test_a_configuration_that_is_not_there_yet_is_made(desk: Desk) -> None:
    for host, servers in SERVERS.items():
        assert desk.install(host)[0] == 0
        assert list(json.loads(desk.file(host).read_text())[servers]) == ["shopping-list"]
        assert desk.backups(host) == []
        assert desk.left(host) == [desk.file(host).name]


def test_what_was_there_is_kept_in_its_order_and_as_a_file(desk: Desk) -> None:
    before = json.dumps(
        {"z": 1.5, "mcpServers": {"b": OTHER, "a": {"url": "https://example.org/ü"}}, "a": [None, True]}
    )
    path = desk.write("claude-desktop", before)
    path.chmod(0o600)
    assert desk.install("claude-desktop")[0] == 0
    after = json.loads(path.read_text(encoding="utf-8"))
    assert list(after) == ["z", "mcpServers", "a"]
    assert list(after["mcpServers"]) == ["b", "a", "shopping-list"]
    del after["mcpServers"]["shopping-list"]
    assert after == json.loads(before)
    assert path.stat().st_mode & 0o777 == 0o600
    [kept] = desk.backups("claude-desktop")
    assert kept.read_text(encoding="utf-8") == before


def test_a_second_time_nothing_changes_and_other_options_replace_the_entry(desk: Desk) -> None:
    path = desk.file("cursor")
    desk.install("cursor")
    first = path.read_bytes()
    assert desk.install("cursor")[:2] == (0, f"{path} has it already.\n")
    assert (path.read_bytes(), desk.backups("cursor")) == (first, [])
    assert desk.install("cursor", "--person", ADA)[0] == 0
    [entry] = json.loads(path.read_text())["mcpServers"].values()
    assert entry["args"][-2:] == ["--person", ADA]
    [kept] = desk.backups("cursor")
    assert kept.read_bytes() == first


def test_another_server_of_the_same_name_is_left_alone(desk: Desk) -> None:
    before = '{"mcpServers": {"shopping-list": {"url": "http://localhost:8000/mcp"}}}'
    path = desk.write("cursor", before)
    status, stdout, stderr = desk.install("cursor")
    assert (status, stdout, path.read_text()) == (1, "", before)
    assert "has another server with the name shopping-list; choose a name for this one: --name NAME" in stderr
    assert desk.install("cursor", "--name", "local-list")[0] == 0
    assert list(json.loads(path.read_text())["mcpServers"]) == ["shopping-list", "local-list"]


@pytest.mark.parametrize(
    "before",
    [
        '{\n  // my servers\n  "servers": {}\n}',
        '{"servers": {},}',
        '{"servers": {"a": 1, "a": 2}}',
        '{"servers": []}',
        '["servers"]',
        '{"servers": ',
        '{"zoom": 1e999}',
        "[" * 100_000,
    ],
    ids=["comment", "comma at the end", "name twice", "list", "other list", "cut off", "no such number", "deep"],
)
def test_a_file_that_can_not_be_merged_without_loss_is_left_as_it_is(desk: Desk, before: str) -> None:
    path = desk.write("vscode", before)
    status, stdout, stderr = desk.install("vscode")
    assert (status, stdout, path.read_text()) == (1, "", before)
    assert desk.left("vscode") == ["mcp.json"]
    first, _, pasted = stderr.partition("\n")
    assert first.endswith("Nothing was changed. Put this into it yourself:")
    entry: dict[str, Any] = json.loads(pasted)["servers"]["shopping-list"]
    assert entry["type"] == "stdio"


def test_a_file_with_other_bytes_is_left_as_it_is(desk: Desk) -> None:
    path = desk.write("cursor", "")
    path.write_bytes(b'{"name": "\xff"}')
    assert desk.install("cursor")[0] == 1
    assert path.read_bytes() == b'{"name": "\xff"}'


def test_a_file_behind_a_symbolic_link_is_replaced_where_it_is(desk: Desk, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "cursor.json"
    real.parent.mkdir()
    real.write_text("\ufeff{}", encoding="utf-8")
    path = desk.file("cursor")
    path.parent.mkdir()
    path.symlink_to(real)
    assert desk.install("cursor")[0] == 0
    assert path.is_symlink()
    assert list(json.loads(real.read_text())["mcpServers"]) == ["shopping-list"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can change who owns a file")
def test_under_sudo_the_files_stay_those_of_the_person(desk: Desk) -> None:
    os.chown(desk.home, NOBODY, NOBODY)
    assert desk.install("vscode")[0] == 0
    made = [desk.file("vscode"), *list(desk.file("vscode").parents)[:3]]
    assert {(each.stat().st_uid, each.stat().st_gid) for each in made} == {(NOBODY, NOBODY)}
    path = desk.write("cursor", "{}")
    os.chown(path, NOBODY, 0)
    path.chmod(0o640)
    assert desk.install("cursor")[0] == 0
    [kept] = desk.backups("cursor")
    for each in (path, kept):
        found = each.stat()
        assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (NOBODY, 0, 0o640)


def test_the_configuration_can_be_at_another_place(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "codium" / "mcp.json"
    assert desk.install("vscode", "--file", str(path))[0] == 0
    assert list(json.loads(path.read_text())["servers"]) == ["shopping-list"]
    assert not desk.file("vscode").exists()
    assert desk.install("vscode", XDG_CONFIG_HOME=str(tmp_path / "xdg"))[0] == 0
    assert (tmp_path / "xdg" / "Code" / "User" / "mcp.json").exists()


def test_an_app_is_not_sent_to_an_external_database(desk: Desk) -> None:
    url = "postgresql://a:b@localhost/c"
    status, stdout, stderr = desk.install(
        "cursor", DATABASE_URL=url, MIGRATION_DATABASE_URL=url, SECRET_KEY="x" * 32, PUBLIC_URL="https://lists.example"
    )
    assert (status, stdout) == (2, "")
    assert stderr.endswith("`stdio` is for the database in DATA_DIR; let the app use https://lists.example/mcp\n")
    assert not desk.file("cursor").exists()


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    ended = run(tmp_path, "--directory", "nowhere", "stdio", "--install", "cursor")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "shopping-list-mcp: --directory: nowhere can't be used: No such file or directory\n"
