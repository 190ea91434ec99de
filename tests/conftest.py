"""What every test can ask for: a real PostgreSQL, a migrated database of its own, the app, and the running service."""

from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from app.db import Engine, create_engine
from app.db.embedded import DatabaseUrls, EmbeddedPostgres
from app.db.migrate import migrate
from app.fetch.fetcher import Fetcher
from app.main import create_app
from app.settings import Settings
from tests.clock import MovableClock
from tests.databases import Databases, running_databases
from tests.factory import Connected, Factory
from tests.security.whole_run import watch_whole_run
from tests.service import Service, free_port, running_service
from tests.site import Authority, Site, make_authority, running_site

SECRET = SecretStr("a secret that only these tests know, 0123456789")
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
    """Databases for one test each."""
    with running_databases(cluster.superuser_url, TEMPLATE) as databases:
        yield databases


@pytest.fixture
def database(cluster: Cluster, databases: Databases) -> Generator[DatabaseUrls]:
    """A migrated, empty database of the test's own."""
    name = databases.take()
    template = cluster.template
    yield DatabaseUrls(
        template.service.replace(TEMPLATE, name),
        template.owner.replace(TEMPLATE, name),
        template.superuser.replace(TEMPLATE, name),
    )
    databases.give_back(name)


@pytest.fixture
async def engine(database: DatabaseUrls) -> AsyncGenerator[Engine]:
    """The engine as the service has it: the service role, in `database`."""
    engine = create_engine(database.service)
    yield engine
    await engine.dispose()


@pytest.fixture
def settings(database: DatabaseUrls) -> Settings:
    """Settings of a local service on `database`."""
    return Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue]
        port=free_port(),
        database_url=SecretStr(database.service),
        migration_database_url=SecretStr(database.owner),
        secret_key=SECRET,
        limits=False,
    )


@pytest.fixture
async def app(settings: Settings) -> AsyncGenerator[Starlette]:
    """The application, started."""
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


def pytest_configure(config: pytest.Config) -> None:
    watch_whole_run(config)
