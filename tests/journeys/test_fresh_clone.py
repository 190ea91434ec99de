"""`make run` in a fresh clone is all there is to do."""

import shutil
import subprocess
from pathlib import Path

import pytest

from app.settings import Settings
from tests.journeys.device import ERAS, Device
from tests.journeys.fast import fastmcp
from tests.journeys.official import official
from tests.journeys.person import browsing
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


async def shop(client: Device, settings: Settings) -> None:
    """Add and read, before and after the access token expired."""
    await client.call("add_items", items=["2 kg flour"])
    first = client.tokens
    expired = await client.let_the_access_token_expire(settings)
    client.wire.forget()
    await client.call("add_items", items=["milk"])
    assert client.wire.seen == [("POST", "/oauth/token", 200), ("POST", "/mcp", 200)]
    assert client.tokens.access_token not in (first.access_token, expired)
    assert client.tokens.refresh_token != first.refresh_token
    assert await client.names() == ["flour", "milk"]


async def test_make_run_sets_everything_up_and_serves_each_client_in_each_era(clone: Path, tmp_path: Path) -> None:
    with Product(tmp_path / "data", environment={"LIMITS": "off"}) as product:
        service = product.launch(["make", "run"], clone)
        product.wait_until_ready(service)
        settings = product.settings()
        for mode, revision in ERAS.items():
            async with browsing() as ada, official(product.mcp_url, ada, mode) as client:
                assert client.protocol_version == revision
                await shop(client, settings)
                assert len(ada.asked) == 1
            storage = tmp_path / mode
            storage.mkdir()
            async with browsing() as bob, fastmcp(product.mcp_url, bob, storage, mode) as client:
                assert client.protocol_version == revision
                await shop(client, settings)
                assert len(bob.asked) == 1
        interrupt(service)
        service.process.wait(STOP_SECONDS)
        product.assert_nothing_runs()
    assert (clone / ".venv").is_dir()
    assert not (clone / "data").exists()
