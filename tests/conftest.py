"""What every test can ask for: a real PostgreSQL, a migrated and empty database, the app, and the running service.

Tests that run in one process use the same database one after the other, and the same application. A test that changes
more than rows is marked `own_database`, and one that needs a fresh application, or one with other settings, `own_app`.
"""

import asyncio
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass

import httpx
import pytest
import structlog
from starlette.applications import Starlette

from app.db import Engine, create_engine
from app.db.embedded import DatabaseUrls, EmbeddedPostgres
from app.db.migrations import migrate
from app.fetch.fetcher import Fetcher
from app.main import create_app
from app.settings import Settings
from tests.clock import MovableClock
from tests.databases import Databases, running_databases
from tests.factory import Connected, Factory
from tests.security.whole_run import watch_whole_run
from tests.service import Service, running_service
from tests.shared import SharedDatabase, SharedDatabases, local_settings, no_task_left
from tests.site import Authority, Site, make_authority, running_site

TEMPLATE = "template_migrated"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> MovableClock:
    """A clock that the test moves."""
    return MovableClock()


@dataclass(frozen=True)
class Cluster:
    """The server of this test process: its superuser's address, and a migrated database to copy."""

    server: EmbeddedPostgres
    superuser_url: str
    template: DatabaseUrls


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Generator[Cluster]:
    # Nothing in it must survive a power cut, so it need not wait for the disk.
    unsafe = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), settings=unsafe)
    with server as urls:
        template = server.create_database(TEMPLATE)
        migrate(template.owner, template.service)
        yield Cluster(server, urls.superuser, template)


@pytest.fixture(scope="session")
def databases(cluster: Cluster) -> Generator[Databases]:
    """Copies of the migrated database."""
    with running_databases(cluster.superuser_url, cluster.template, TEMPLATE) as databases:
        yield databases


@pytest.fixture(scope="session")
def shared_databases(databases: Databases) -> Generator[SharedDatabases]:
    """Those that tests use one after the other."""
    shared = SharedDatabases(databases)
    yield shared
    shared.drop()


@pytest.fixture(scope="session")
async def event_loop(shared_databases: SharedDatabases) -> AsyncGenerator[None]:
    """One event loop for all tests, in which their engines and applications live."""
    yield
    await shared_databases.close()


@pytest.fixture
def uses_shared_app(request: pytest.FixtureRequest) -> bool:
    """Whether the test's application is one that other tests use as well."""
    return "app" in request.fixturenames and not _is_marked(request, "own_app", "own_database")


@pytest.fixture
def shared(
    request: pytest.FixtureRequest, shared_databases: SharedDatabases, uses_shared_app: bool
) -> SharedDatabase | None:
    """The database that this test uses after others; None for one that has its own."""
    return None if _is_marked(request, "own_database") else shared_databases.take(with_app=uses_shared_app)


@pytest.fixture
async def in_the_loop(
    event_loop: None, shared_databases: SharedDatabases, shared: SharedDatabase | None, uses_shared_app: bool
) -> AsyncGenerator[None]:
    """What goes on in the event loop around an asynchronous test: see `database`."""
    await shared_databases.close_old()
    if shared is not None and uses_shared_app:
        await shared.start_app()
    async with no_task_left():
        yield
    if shared is not None:
        await asyncio.wrap_future(shared.empty())


@pytest.fixture
def database(
    request: pytest.FixtureRequest, shared: SharedDatabase | None, databases: Databases
) -> Generator[DatabaseUrls]:
    """A migrated, empty database. When it is emptied, after the test, all that the test began must have ended."""
    in_loop = "anyio_backend" in request.fixturenames
    if in_loop:
        request.getfixturevalue("in_the_loop")
    if shared is None:
        name = databases.take()
        yield databases.urls(name)
        databases.give_back(name)
    else:
        yield shared.urls
        if not in_loop:
            shared.empty().result()


@pytest.fixture
async def engine(shared: SharedDatabase | None, database: DatabaseUrls) -> AsyncGenerator[Engine]:
    """The engine as the service has it: the service role, in `database`."""
    if shared is not None:
        yield shared.engine
    else:
        engine = create_engine(database.service)
        yield engine
        await engine.dispose()


@pytest.fixture
def settings(shared: SharedDatabase | None, uses_shared_app: bool, database: DatabaseUrls) -> Settings:
    """Settings of a local service on `database`."""
    return shared.settings if shared is not None and uses_shared_app else local_settings(database)


@pytest.fixture
async def app(shared: SharedDatabase | None, uses_shared_app: bool, settings: Settings) -> AsyncGenerator[Starlette]:
    """The application, started."""
    if shared is not None and uses_shared_app:
        assert settings is shared.settings, "other settings need an application of their own: mark the test own_app"
        yield shared.app
    else:
        application = create_app(settings)
        async with application.router.lifespan_context(application):
            yield application


@pytest.fixture
async def http(app: Starlette, settings: Settings) -> AsyncGenerator[httpx.AsyncClient]:
    """A client that calls the application in this process; it follows no redirects and keeps cookies."""
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 50000))
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client:
        yield client


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority of the tests' own, for sites on this machine."""
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def site(authority: Authority) -> Generator[Site]:
    """A site on this machine, with a certificate of that authority."""
    with running_site(authority) as site:
        yield site


@pytest.fixture
def fetcher(authority: Authority) -> Fetcher:
    """A fetcher that reaches such a site."""
    return Fetcher(allow_loopback=True, ca_file=authority.ca_file)


@pytest.fixture
def factory(engine: Engine, settings: Settings) -> Factory:
    return Factory(engine, settings)


@pytest.fixture
async def ada(factory: Factory) -> Connected:
    """A person in a household of their own."""
    return await factory.connected("Ada")


@pytest.fixture
def service(settings: Settings) -> Generator[Service]:
    """The service as its own process, on a real port."""
    with running_service(settings) as service:
        yield service


def _is_marked(request: pytest.FixtureRequest, *names: str) -> bool:
    node: pytest.Item = request.node
    return any(node.get_closest_marker(name) is not None for name in names)


def pytest_configure(config: pytest.Config) -> None:
    watch_whole_run(config)
    # With Rich, which a development tool brings, each traceback in the log would take a third of a second.
    *others, _ = structlog.get_config()["processors"]
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*others, plain])
