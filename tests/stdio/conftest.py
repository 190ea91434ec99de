"""Databases for hosts: one beside a running service, for most tests, and copies of one that nobody has used yet."""

import asyncio
import subprocess
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Final

import pytest

from app.db.embedded import SharedPostgres
from app.db.migrations import migrate
from app.settings import Settings
from app.settings.secret_key import keep_secret_key
from tests.db.embedded_service import servers_of
from tests.journeys.device import Device
from tests.journeys.official import official
from tests.journeys.person import browsing
from tests.journeys.product import Product
from tests.oauth.tokens import tokens_for

ADA: Final = "ada@example.org"


@pytest.fixture(scope="session")
def unused_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DATA_DIR with a migrated database without people; nothing runs there."""
    data_dir = tmp_path_factory.mktemp("unused") / "data"
    with SharedPostgres(data_dir) as urls:
        migrate(urls.owner, urls.service)
    keep_secret_key(Settings(_env_file=None, data_dir=data_dir))  # pyright: ignore[reportCallIssue]
    return data_dir


def copy_tree(source: Path, target: Path) -> None:
    """Copy a directory with the owners of its files: as root, PostgreSQL is another user."""
    subprocess.run(["cp", "-a", source, target], check=True)


@pytest.fixture
def data_dir(unused_data_dir: Path, tmp_path: Path) -> Generator[Path]:
    """A copy of it, which the test may leave as it likes."""
    copy = tmp_path / "data"
    copy_tree(unused_data_dir, copy)
    yield copy
    for server in servers_of(copy):
        server.kill()


@pytest.fixture(scope="session")
def product(unused_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[Product]:
    """A service that runs on another copy; its only person is Ada."""
    copy = tmp_path_factory.mktemp("served") / "data"
    copy_tree(unused_data_dir, copy)
    with Product(copy, environment={"LIMITS": "off"}) as product:
        product.start()
        asyncio.run(sign_up(product))
        yield product


async def sign_up(product: Product) -> None:
    """Create Ada's account in a browser."""
    async with browsing(ADA) as person:
        await tokens_for(person.browser, product.url, person.email)


@pytest.fixture
async def web(product: Product) -> AsyncGenerator[Device]:
    """Ada's assistant, which uses the service over HTTP."""
    async with browsing(ADA) as person, official(product.mcp_url, person) as device:
        yield device
