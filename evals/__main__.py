"""`python -m evals`: replay the tasks on a PostgreSQL of their own, and print how many calls each took."""

import asyncio
import secrets
import sys
import tempfile
from pathlib import Path

import httpx
from pydantic import SecretStr

from app.db import create_engine
from app.db.embedded import DatabaseUrls, EmbeddedPostgres
from app.db.migrations import migrate
from app.main import create_app
from app.settings import Settings
from evals.household import make_household
from evals.replay import MOST_CALLS, Members, TaskFailed, replay, report
from evals.task import Task
from evals.tasks import TASKS

URL = "http://localhost:8000"


async def _replay_all(urls: DatabaseUrls) -> tuple[list[tuple[Task, int]], list[str]]:
    """Return the tasks that were done with their numbers of calls, and what is wrong with the others."""
    settings = Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue]
        public_url=URL,
        database_url=SecretStr(urls.service),
        migration_database_url=SecretStr(urls.owner),
        secret_key=SecretStr(secrets.token_urlsafe(48)),
        limits=False,
    )
    engine = create_engine(urls.service)
    app = create_app(settings)
    done: list[tuple[Task, int]] = []
    failed: list[str] = []
    try:
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL) as http,
        ):
            for task in TASKS:
                members = Members(http, await make_household(engine, settings))
                try:
                    done.append((task, await replay(task, members)))
                except TaskFailed as failure:
                    failed.append(f"{task.says} {failure}")
    finally:
        await engine.dispose()
    return done, failed


def main() -> int:
    """Replay the tasks; the exit status is 1 if one isn't done, or takes too many calls."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as urls:
        migrate(urls.owner, urls.service)
        done, failed = asyncio.run(_replay_all(urls))
    print(report(done))
    print("\n".join(failed), file=sys.stderr)
    return 0 if not failed and max(number for _, number in done) <= MOST_CALLS else 1


if __name__ == "__main__":
    sys.exit(main())
