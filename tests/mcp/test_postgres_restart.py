"""PostgreSQL restarts under two processes of the service: those who follow a list receive changes again."""

import tempfile
from collections.abc import Generator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import make_url

from app.db import create_engine
from app.db.embedded import EmbeddedPostgres
from app.db.migrations import migrate
from app.settings import Settings
from tests.factory import Factory
from tests.mcp.client import McpClient
from tests.mcp.streaming import SECONDS, follow
from tests.service import free_port, running_service
from tests.shared import SECRET

pytestmark = [pytest.mark.anyio, pytest.mark.processes]


@dataclass
class Restartable:
    """A server of its own whose address stays the same: its socket, which moves, is behind a link."""

    server: EmbeddedPostgres
    link: Path
    service: str = ""
    owner: str = ""

    def restart(self) -> None:
        self.server.stop()
        self.start()

    def start(self) -> None:
        urls = self.server.start()
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(str(make_url(urls.service).query["host"]))
        host = {"host": str(self.link)}
        self.service, self.owner = (
            make_url(url).update_query_dict(host).render_as_string(hide_password=False)
            for url in (urls.service, urls.owner)
        )


@pytest.fixture
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Generator[Restartable]:
    # The path of a socket is short.
    with tempfile.TemporaryDirectory(prefix="shopping-", dir="/tmp") as links:
        restartable = Restartable(EmbeddedPostgres(tmp_path_factory.mktemp("restarted")), Path(links, "link"))
        try:
            restartable.start()
            migrate(restartable.owner, restartable.service)
            yield restartable
        finally:
            restartable.server.stop()


def settings_on(postgres: Restartable, public_url: str | None = None) -> Settings:
    port = free_port()
    return Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue]
        port=port,
        public_url=public_url or f"http://localhost:{port}",
        database_url=SecretStr(postgres.service),
        migration_database_url=SecretStr(postgres.owner),
        secret_key=SECRET,
        limits=False,
    )


async def test_after_postgres_restarted_a_change_in_one_process_is_heard_at_the_other_again(
    postgres: Restartable,
) -> None:
    first = settings_on(postgres)
    second = settings_on(postgres, first.public_url)
    engine = create_engine(postgres.service)
    ada = await Factory(engine, first).connected("Ada")
    await engine.dispose()
    with running_service(first), running_service(second):
        async with AsyncExitStack() as stack:
            clients: list[McpClient] = []
            for settings in (first, second):
                http = httpx.AsyncClient(
                    base_url=f"http://127.0.0.1:{settings.port}",
                    headers={"Host": first.public_parts.netloc},
                    timeout=SECONDS,
                )
                clients.append(McpClient(await stack.enter_async_context(http), ada.token))
            household = (await clients[0].call("get_overview"))["household"]["ref"]
            uri = f"shopping://{household}/lists/L1"
            streams = [await stack.enter_async_context(follow(client, uri)) for client in clients]
            await clients[0].call("add_items", items=["milk"])
            for stream in streams:
                assert await stream.uri() == uri
            await anyio.to_thread.run_sync(postgres.restart)
            for stream in streams:
                assert await stream.uri() == uri, "something may have been missed"
            for client, item in zip(clients, ("bread", "tea"), strict=True):
                await client.call("add_items", items=[item])
                for stream in streams:
                    assert await stream.uri() == uri
            assert [each["name"] for each in (await clients[1].call("list_items"))["items"]] == ["milk", "bread", "tea"]
