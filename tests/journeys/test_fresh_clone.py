"""`make run` in a fresh clone is all there is to do."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.journeys.official import official
from tests.journeys.person import Person
from tests.journeys.product import Product, interrupt
from tests.service import ROOT, STOP_SECONDS

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The repository as a commit of everything in it would give it."""
    directory = tmp_path / "clone"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in listed.stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, directory / name)
    return directory


async def test_make_run_sets_everything_up_and_serves(clone: Path, tmp_path: Path, ada: Person) -> None:
    with Product(tmp_path / "data") as product:
        service = product.launch(["make", "run"], clone)
        product.wait_until_ready(service)
        async with official(product.mcp_url, ada) as client:
            await client.call("add_items", items=["2 kg flour", "milk"])
            assert await client.names() == ["flour", "milk"]
        interrupt(service)
        service.process.wait(STOP_SECONDS)
        product.assert_nothing_runs()
    assert (clone / ".venv").is_dir()
    assert not (clone / "data").exists()
