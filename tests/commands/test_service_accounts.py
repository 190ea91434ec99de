"""`python -m app service-accounts`."""

from functools import partial
from pathlib import Path

import anyio.to_thread
import httpx
import pytest
from starlette.applications import Starlette

from app.db import Engine
from app.pubsub import MembersChanged
from app.settings import Settings
from tests.command import run
from tests.factory import Factory
from tests.mcp.client import McpClient
from tests.pubsub.conftest import Heard
from tests.service import environment_of

pytestmark = pytest.mark.anyio


async def test_an_account_is_made_listed_and_revoked(
    app: Starlette, http: httpx.AsyncClient, engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    _, household_id = await Factory(engine, settings).person("Ada")
    environment = environment_of(settings)
    options = ["--household", "Ada's household", "--role", "viewer", "--name", "Kitchen robot"]
    made = run(tmp_path, "service-accounts", "create", *options, **environment)
    assert made.returncode == 0, made.stderr
    credentials = dict(line.split("=", 1) for line in made.stdout.splitlines())
    data = {"grant_type": "client_credentials", **credentials}
    token = (await http.post("/oauth/token", data=data)).json()["access_token"]
    assert (await McpClient(http, token).call("list_items"))["items"] == []
    listed = run(tmp_path, "service-accounts", "list", **environment)
    [_, row] = listed.stdout.splitlines()
    assert all(part in row for part in (credentials["client_id"], "Kitchen robot", "lists:read", "valid"))
    assert "never" not in row
    assert credentials["client_secret"] not in listed.stdout
    heard = Heard()
    with app.state.pubsub.listening(heard, [household_id]):
        command = partial(run, tmp_path, "service-accounts", "revoke", credentials["client_id"], **environment)
        ended = await anyio.to_thread.run_sync(command)
        assert ended.returncode == 0, ended.stderr
        assert await heard.next() == MembersChanged(household_id)
    heard.close()
    assert (await http.post("/oauth/token", data=data)).status_code == 400
    again = run(tmp_path, "service-accounts", "revoke", credentials["client_id"], **environment)
    assert (again.returncode, again.stderr) == (1, "shopping-list-mcp: This service account is revoked already.\n")


async def test_a_file_that_holds_no_keys_is_refused(engine: Engine, settings: Settings, tmp_path: Path) -> None:
    await Factory(engine, settings).person("Ada")
    options = ["--household", "Ada's household", "--role", "editor", "--auth-method", "private_key_jwt"]
    for name, content, words in (
        ("missing", None, "No such file"),
        ("text", "no JSON", "is not JSON"),
        ("list", "[]", "does not contain a JWK Set"),
        ("empty", '{"keys": []}', "--jwks-file is refused. It holds no public key"),
    ):
        file = tmp_path / name
        if content is not None:
            file.write_text(content)
        arguments = [*options, "--jwks-file", str(file)]
        refused = run(tmp_path, "service-accounts", "create", *arguments, **environment_of(settings))
        assert (refused.returncode, refused.stdout) == (1, "")
        [line] = refused.stderr.splitlines()
        assert words in line
