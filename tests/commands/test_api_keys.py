"""`python -m app api-keys`."""

from pathlib import Path

import anyio.to_thread
import httpx
import pytest
from starlette.applications import Starlette

from app.db import Engine, transaction
from app.oauth.credentials.repository import find_grant_of_key_id
from app.pubsub import GrantEnded
from app.settings import Settings
from tests.command import run
from tests.factory import Factory
from tests.mcp.client import McpClient
from tests.pubsub.conftest import Heard
from tests.service import environment_of

pytestmark = pytest.mark.anyio


async def test_a_key_is_made_shown_listed_and_revoked(
    app: Starlette, http: httpx.AsyncClient, engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    ada, _ = await Factory(engine, settings).person("Ada")
    environment = environment_of(settings)
    options = ["--person", str(ada.email), "--household", "ada's household", "--role", "viewer", "--name", "Display"]
    made = run(tmp_path, "api-keys", "create", *options, **environment)
    assert made.returncode == 0, made.stderr
    [key] = made.stdout.splitlines()
    client = McpClient(http, key)
    await client.call("list_items")
    listed = run(tmp_path, "api-keys", "list", **environment)
    [_, row] = listed.stdout.splitlines()
    assert all(part in row for part in ("Display", str(ada.email), "Ada's household", "lists:read", "valid"))
    assert key not in listed.stdout
    assert "lists:write" not in row
    key_id = row.split()[0]
    assert key_id in made.stderr
    async with transaction(engine) as connection:
        grant_id = await find_grant_of_key_id(connection, key_id)
    assert grant_id is not None
    heard = Heard()
    with app.state.pubsub.listening(heard, [grant_id]):
        ended = await anyio.to_thread.run_sync(lambda: run(tmp_path, "api-keys", "revoke", key_id, **environment))
        assert (ended.returncode, ended.stdout) == (0, f"Key {key_id} is revoked.\n"), ended.stderr
        assert await heard.next() == GrantEnded(grant_id)
    heard.close()
    assert (await client.send("tools/list")).status_code == 401
    assert "revoked" in run(tmp_path, "api-keys", "list", **environment).stdout
    again = run(tmp_path, "api-keys", "revoke", key_id, **environment)
    assert (again.returncode, again.stderr) == (1, "shopping-list-mcp: This key is revoked already.\n")


async def test_what_can_not_be_made_is_refused_in_one_line(engine: Engine, settings: Settings, tmp_path: Path) -> None:
    ada, _ = await Factory(engine, settings).person("Ada")
    for person, household, says in (
        ("nobody@example.org", "Ada's household", "person: nobody has this e-mail address"),
        ("ada", "Ada's household", "person: nobody has this e-mail address"),
        (
            str(ada.email),
            "Eve's household",
            "in no household of that name. Candidates: Ada's household",
        ),
    ):
        options = ["--person", person, "--household", household]
        ended = run(tmp_path, "api-keys", "create", *options, **environment_of(settings))
        assert (ended.returncode, ended.stdout) == (1, "")
        [line] = ended.stderr.splitlines()
        assert says in line
