"""`python -m app households`: a household as a file, and back."""

from pathlib import Path
from zipfile import ZipFile

import pytest

from app.audit.models import Action
from app.db import Engine, transaction
from app.households.repository import memberships_of
from app.settings import Settings
from tests.audit.looking import stored
from tests.command import run
from tests.factory import Factory
from tests.service import environment_of

pytestmark = pytest.mark.anyio


async def test_a_household_is_exported_to_a_file_and_brought_back_for_somebody(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    person, _ = await Factory(engine, settings).person()
    assert person.email is not None
    environment = environment_of(settings)
    file = tmp_path / "home.zip"
    ended = run(tmp_path, "households", "export", "Ada's household", str(file), **environment)
    assert (ended.returncode, ended.stdout) == (0, f"1 records are in {file}.\n"), ended.stderr
    with ZipFile(file) as archive:
        assert "Groceries" in archive.read("lists.jsonl").decode()
    again = run(tmp_path, "households", "export", "Ada's household", str(file), **environment)
    assert (again.returncode, "exists already" in again.stderr) == (1, True)
    back = ["households", "import", str(file), "--owner"]
    ended = run(tmp_path, *back, person.email, "--name", "Cabin", **environment)
    assert (ended.returncode, ended.stdout) == (0, "A new household has 1 records.\n"), ended.stderr
    async with transaction(engine) as connection:
        found = await memberships_of(connection, person.id)
    assert [(each.name, each.role) for each in found] == [("Ada's household", "owner"), ("Cabin", "owner")]
    actions = [row["action"] for row in await stored(engine)]
    assert {Action.HOUSEHOLD_EXPORTED, Action.HOUSEHOLD_IMPORTED} <= set(actions)
    for arguments, says in [
        ([*back, "nobody@example.org"], "Nobody has an account"),
        (["households", "import", str(tmp_path / "none.zip"), "--owner", person.email], "can't be read"),
        (["households", "export", "Nowhere", str(tmp_path / "b.zip")], "there is none with this name"),
        (["households", "export", "Cabin", str(tmp_path / "no" / "b.zip")], "can't be written"),
    ]:
        ended = run(tmp_path, *arguments, **environment)
        assert (ended.returncode, says in ended.stderr) == (1, True), ended.stderr
    bad = tmp_path / "bad.zip"
    bad.write_bytes(b"PK")
    ended = run(tmp_path, "households", "import", str(bad), "--owner", person.email, **environment)
    assert (ended.returncode, "no ZIP archive" in ended.stderr) == (1, True)
