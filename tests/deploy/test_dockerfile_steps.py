"""The Dockerfile's steps, followed without a container engine: its files, commands and variables, below a directory."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from dockerfile_parse import DockerfileParser  # pyright: ignore[reportMissingTypeStubs]

from tests.db.embedded_service import servers_of
from tests.documents import ROOT
from tests.service import Service, free_port

NOBODY = 65534
PLACES = ("/opt/venv", "/data", "/srv", "/build")
"""The absolute paths of the image that the test moves below its own directory."""


@dataclass
class Image:
    """What the last stage of the Dockerfile leaves, below `root` instead of `/`."""

    root: Path
    user: int | None
    variables: dict[str, str] = field(default_factory=dict[str, str])
    command: list[str] = field(default_factory=list[str])
    health: list[str] = field(default_factory=list[str])

    def moved(self, text: str) -> str:
        """`text` with the places of the image below `root`."""
        for place in PLACES:
            text = text.replace(place, f"{self.root}{place}")
        return text

    def start(self, command: list[str], port: int) -> subprocess.Popen[str]:
        """Start a command as the engine would: as its user, with its variables and no others."""
        someone: dict[str, Any] = {"user": self.user, "group": self.user, "extra_groups": []}
        return subprocess.Popen(
            [f"{self.root}/opt/venv/bin/{command[0]}", *command[1:]],
            cwd=self.root / "srv",
            env={**self.variables, "PORT": str(port)},
            stderr=subprocess.PIPE,
            text=True,
            **({} if self.user is None else someone),
        )


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions: the keyword and the rest."""
    untyped: Any = DockerfileParser
    structure: list[dict[str, str]] = untyped(fileobj=BytesIO((ROOT / "Dockerfile").read_bytes())).structure
    return [(each["instruction"], each["value"]) for each in structure if each["instruction"] != "COMMENT"]


def stages() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The instructions of the stage that builds and of the one that runs."""
    found = instructions()
    starts = [index for index, (keyword, _) in enumerate(found) if keyword == "FROM"]
    assert len(starts) == 2
    return found[1 : starts[1]], found[starts[1] + 1 :]


def suitable_python(user: int | None) -> str:
    """A Python that the image's user may run too."""
    for candidate in (os.path.realpath(sys.executable), "/usr/bin/python3"):
        check = [candidate, "-c", "import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))"]
        try:
            if subprocess.run(check, user=user, check=False, capture_output=True).returncode == 0:
                return candidate
        except OSError:
            continue
    pytest.skip("no Python 3.11 with venv that an ordinary user may run")


def copy(image: Image, value: str) -> None:
    *options, source, target = shlex.split(value)
    if options:
        assert options == ["--from=build"]
        return  # the stage that builds has made it in its place
    destination = image.root / "srv" / target
    if (ROOT / source).is_dir():
        shutil.copytree(ROOT / source, destination, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(ROOT / source, destination)


def build(image: Image, steps: list[tuple[str, str]]) -> None:
    """The first stage: its RUN lines as they stand, with `python` being a suitable one."""
    directory = image.root / "build"
    directory.mkdir()
    programs = image.root / "programs"
    programs.mkdir()
    (programs / "python").symlink_to(suitable_python(image.user))
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    for keyword, value in steps:
        if keyword == "COPY":
            shutil.copy(ROOT / value.split()[0], directory)
        elif keyword == "RUN":
            subprocess.run(["sh", "-ec", image.moved(value)], cwd=directory, env=environment, check=True)
        else:
            assert keyword == "WORKDIR"


def finish(image: Image, steps: list[tuple[str, str]]) -> None:
    """The second stage, except its RUN line: the user exists here."""
    (image.root / "srv").mkdir()
    data = image.root / "data"
    data.mkdir(mode=0o700)
    if image.user is not None:
        os.chown(data, image.user, image.user)
    for keyword, value in steps:
        if keyword == "COPY":
            copy(image, value)
        elif keyword == "ENV":
            pairs = (pair.partition("=") for pair in shlex.split(value))
            image.variables |= {name: image.moved(text) for name, _, text in pairs}
        elif keyword == "CMD":
            image.command = json.loads(value)
        elif keyword == "HEALTHCHECK":
            image.health = json.loads(value.partition(" CMD ")[2])


@pytest.fixture(scope="module")
def image() -> Generator[Image]:
    # Not tmp_path: an ordinary user can't look into the directories of root.
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o711)  # noqa: S103
        image = Image(Path(directory), NOBODY if os.geteuid() == 0 else None)
        first, second = stages()
        build(image, first)
        finish(image, second)
        yield image


def probe(image: Image, port: int) -> int:
    """The exit status of the HEALTHCHECK."""
    process = image.start(image.health, port)
    process.communicate()
    return process.returncode


@pytest.mark.slow
def test_the_image_serves_as_an_ordinary_user_and_stops_cleanly(image: Image) -> None:
    port = free_port()
    assert probe(image, port) == 1
    service = Service(f"http://localhost:{port}", image.start(image.command, port))
    try:
        service.wait_until_started()
        assert probe(image, port) == 0
        assert httpx.get(f"{service.url}/readyz").status_code == 200
        assert f"{service.url}/mcp" in httpx.get(f"{service.url}/connect").text
    finally:
        status = service.stop()
    assert status == 0
    assert servers_of(image.root / "data") == []
    assert probe(image, port) == 1


def test_the_image_does_not_run_as_root() -> None:
    _, steps = stages()
    users = [value for keyword, value in steps if keyword == "USER"]
    assert users == ["10001:10001"]
    (setup,) = (value for keyword, value in steps if keyword == "RUN")
    assert "useradd --uid 10001 " in setup


def test_the_image_holds_the_runtime_and_nothing_else() -> None:
    first, second = stages()
    copied = {
        source
        for keyword, value in first + second
        if keyword == "COPY" and not value.startswith("--from")
        for source in shlex.split(value)[:-1]
    }
    assert copied == {"requirements.txt", "alembic.ini", "migrations", "app", "deploy/healthcheck.py"}
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {line[1:] for line in ignored if line.startswith("!")} == copied
    assert "*" in ignored
