"""One running product for all journeys of a test process, and people to walk them."""

from collections.abc import AsyncGenerator, Generator

import pytest

from tests.journeys.device import ERAS, Mode
from tests.journeys.person import Person, browsing
from tests.journeys.product import Product


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Generator[Product]:
    """The product, serving; many people sign up from one address within a minute, hence no limits."""
    data_dir = tmp_path_factory.mktemp("product") / "data"
    with Product(data_dir, environment={"LIMITS": "off"}) as product:
        product.start()
        yield product


@pytest.fixture
async def ada() -> AsyncGenerator[Person]:
    """A person who has no account yet."""
    async with browsing() as person:
        yield person


@pytest.fixture
async def bob() -> AsyncGenerator[Person]:
    """Another one."""
    async with browsing() as person:
        yield person


@pytest.fixture(params=ERAS)
def mode(request: pytest.FixtureRequest) -> Mode:
    """One protocol era after the other."""
    return request.param
