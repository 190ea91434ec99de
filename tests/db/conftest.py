"""Two households, and an engine that always has the same connection."""

from uuid import UUID

import pytest

from app.db import Engine, create_engine
from app.db.embedded import DatabaseUrls
from app.settings import Settings
from tests.factory import Factory


@pytest.fixture
async def households(engine: Engine, settings: Settings) -> tuple[UUID, UUID]:
    """Two households of two people."""
    factory = Factory(engine, settings)
    return (await factory.person("Ada"))[1], (await factory.person("Eve"))[1]


@pytest.fixture
def one_connection(database: DatabaseUrls) -> Engine:
    """An engine with a single connection, so that each statement or transaction gets the one before it."""
    return create_engine(database.service, pool_size=1)
