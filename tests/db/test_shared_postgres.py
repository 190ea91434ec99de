"""The embedded server as several processes share it: it runs as long as any of them lives, however they end."""

import os
import signal
from collections.abc import Generator
from pathlib import Path
from typing import Final

import psutil
import pytest

from app.db.embedded import SharedPostgres, find_running
from app.db.embedded.keeper import IN_USE
from app.db.embedded.process import is_locked, wait_for_lock
from app.db.embedded.programs import ENVIRONMENT
from app.errors import StartupError
from tests.db.embedded_service import Service, execute, servers_of

pytestmark = pytest.mark.processes

AT_ONCE: Final = 4
LARGEST_KEEPER: Final = 20 * 1024 * 1024


@pytest.fixture(scope="module")
def used_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DATA_DIR that each test leaves with nothing running."""
    data_dir = tmp_path_factory.mktemp("shared") / "data"
    with SharedPostgres(data_dir) as urls:
        execute(urls.owner, "CREATE TABLE kept AS SELECT 1000 AS n")
    return data_dir


@pytest.fixture
def data_dir(used_before: Path) -> Generator[Path]:
    assert_nothing_runs(used_before)
    yield used_before
    for server in servers_of(used_before):
        server.kill()


ENDING_SECONDS = 10


def assert_nothing_runs(data_dir: Path) -> None:
    """Neither a server nor its keeper is left; the latter may be about to exit."""
    assert servers_of(data_dir) == []
    _, running = psutil.wait_procs(processes_about(data_dir), timeout=ENDING_SECONDS)
    assert running == []
    for name in ("lock", "postgres.lock", IN_USE, "turn"):
        assert not is_locked(data_dir / name), name


def wait_for_the_keeper(data_dir: Path) -> None:
    """Return when it has ended. The lock that users share is not asked first: it is what the keeper waits for."""
    wait_for_lock(data_dir / "lock")
    wait_for_lock(data_dir / IN_USE)


def processes_about(data_dir: Path) -> list[psutil.Process]:
    """The processes that name the directory among their arguments."""
    processes = psutil.process_iter(["cmdline"])
    return [each for each in processes if str(data_dir) in (each.info["cmdline"] or [])]


def keeper_of(data_dir: Path) -> psutil.Process:
    """The one keeper of a server."""
    (found,) = [each for each in processes_about(data_dir) if "wait" in each.info["cmdline"]]
    return found


def kill(service: Service) -> None:
    """Kill a process as the kernel would."""
    service.signal(signal.SIGKILL)
    service.end()


def test_the_server_runs_until_the_last_of_its_users_ends(data_dir: Path) -> None:
    with Service(data_dir, shared=True) as first, Service(data_dir, shared=True) as second:
        assert first.urls() == second.urls()
        server = first.server()
        assert first.end() == (0, "")
        with SharedPostgres(data_dir) as urls:
            assert execute(urls.service, "SELECT 1") == 1
            assert second.end() == (0, "")
            assert servers_of(data_dir) == [server]
        assert_nothing_runs(data_dir)


def test_many_that_start_at_once_on_an_empty_directory_share_one_server(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    services = [Service(data_dir, shared=True) for _ in range(AT_ONCE)]
    assert len({service.urls()["owner"] for service in services}) == 1
    assert len(servers_of(data_dir)) == 1
    assert [service.end() for service in services] == [(0, "")] * AT_ONCE
    assert_nothing_runs(data_dir)


@pytest.mark.proves("""stdio-database MUST own rule
    No database runs on after the last process that uses it, even if that was killed.
    Here: A small process waits for the lock that they share, which the system releases when they end.""")
def test_after_kill_nine_of_the_only_user_the_server_ends_by_itself(data_dir: Path) -> None:
    with Service(data_dir, shared=True) as service:
        service.urls()
        kill(service)
        wait_for_the_keeper(data_dir)
        assert_nothing_runs(data_dir)


@pytest.mark.proves("stdio-database")
def test_kill_nine_of_one_user_does_not_take_the_server_away_from_another(data_dir: Path) -> None:
    with Service(data_dir, shared=True) as first, Service(data_dir, shared=True) as second:
        first.urls()
        url = second.urls()["owner"]
        server = first.server()
        kill(first)
        with SharedPostgres(data_dir) as urls:
            assert execute(urls.owner, "SELECT n FROM kept") == 1000
            kill(second)
            assert execute(url, "SELECT n FROM kept") == 1000
            assert servers_of(data_dir) == [server]
        wait_for_the_keeper(data_dir)
        assert_nothing_runs(data_dir)


def test_a_start_right_after_kill_nine_finds_the_old_server_or_waits_for_its_end(data_dir: Path) -> None:
    with Service(data_dir, shared=True) as killed:
        killed.urls()
        kill(killed)
        with SharedPostgres(data_dir) as urls:
            assert execute(urls.owner, "SELECT n FROM kept") == 1000
            assert len(servers_of(data_dir)) == 1
    wait_for_the_keeper(data_dir)
    assert_nothing_runs(data_dir)


def test_a_start_while_the_keeper_stops_the_server_waits_for_its_end(data_dir: Path) -> None:
    with Service(data_dir, shared=True) as killed:
        old = killed.urls()["owner"]
        kill(killed)
        while not servers_are_being_stopped(data_dir):
            pass
        with SharedPostgres(data_dir) as urls:
            assert urls.owner != old
            assert execute(urls.owner, "SELECT n FROM kept") == 1000
            assert len(servers_of(data_dir)) == 1
    assert_nothing_runs(data_dir)


def servers_are_being_stopped(data_dir: Path) -> bool:
    """Whether the keeper is in its last phase, or has ended."""
    return not any("wait" in (each.info["cmdline"] or []) for each in processes_about(data_dir))


def test_a_server_whose_keeper_was_killed_is_taken_over_and_its_users_go_on(data_dir: Path) -> None:
    with Service(data_dir, shared=True) as first:
        url = first.urls()["owner"]
        server = first.server()
        keeper_of(data_dir).kill()
        wait_for_lock(data_dir / "lock")
        with SharedPostgres(data_dir) as urls:
            assert urls.owner == url
            assert servers_of(data_dir) == [server]
            assert is_locked(data_dir / "lock")
        assert execute(url, "SELECT n FROM kept") == 1000
        kill(first)
        wait_for_the_keeper(data_dir)
    assert_nothing_runs(data_dir)


def test_the_last_user_stops_a_server_that_has_no_keeper(data_dir: Path) -> None:
    with Service(data_dir, shared=True) as service:
        service.urls()
        keeper_of(data_dir).kill()
        assert service.end() == (0, "")
        assert_nothing_runs(data_dir)


def test_the_keeper_is_small_and_ends_neither_with_its_user_nor_by_a_signal_to_stop(data_dir: Path) -> None:
    with Service(data_dir, shared=True) as service:
        urls = service.urls()
        keeper, server = keeper_of(data_dir), service.server()
        assert keeper.memory_info().rss < LARGEST_KEEPER
        # What ends a process with its children, its group or its session reaches neither of them.
        started = psutil.Process(service.process.pid).children(recursive=True)
        assert {keeper, server}.isdisjoint(started)
        assert service.process.pid not in {os.getpgid(keeper.pid), os.getpgid(server.pid), os.getsid(keeper.pid)}
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            keeper.send_signal(number)
        assert execute(urls["owner"], "SELECT n FROM kept") == 1000
        assert keeper.is_running()
        assert service.end() == (0, "")
        assert_nothing_runs(data_dir)


@pytest.mark.proves("""stdio-environment SHOULD own rule
    What outlives a desktop host keeps none of its secrets.
    Here: The keeper gets an environment of its own; of the host's, only where Python finds what it loads.""")
def test_the_keeper_has_nothing_of_the_environment_of_the_host_that_started_it(data_dir: Path) -> None:
    host = {"API_KEY": "secret", "PGOPTIONS": "-c jit=on", "PYTHONPATH": str(data_dir), "LANG": "C"}
    with Service(data_dir, shared=True, environment=host) as service:
        service.urls()
        assert keeper_of(data_dir).environ() == {**ENVIRONMENT, "PYTHONPATH": str(data_dir)}
        assert service.end() == (0, "")
        assert_nothing_runs(data_dir)


def test_a_signal_to_stop_in_the_middle_of_the_start_leaves_nothing(data_dir: Path) -> None:
    with Service(data_dir, shared=True) as service:
        while not servers_of(data_dir):
            assert service.process.poll() is None
        service.signal(signal.SIGTERM)
        assert service.end() == (0, "")
        assert_nothing_runs(data_dir)


def test_kill_nine_in_the_middle_of_the_start_leaves_nothing(data_dir: Path) -> None:
    with Service(data_dir, shared=True) as service:
        while not servers_of(data_dir):
            assert service.process.poll() is None
        kill(service)
        wait_for_the_keeper(data_dir)
        assert_nothing_runs(data_dir)


def test_commands_find_the_shared_server(data_dir: Path) -> None:
    with SharedPostgres(data_dir) as urls:
        assert find_running(data_dir) == urls
    assert find_running(data_dir) is None


def test_a_server_that_can_not_start_is_one_line_for_each_who_asks(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    (data_dir / "pg").mkdir(parents=True)
    (data_dir / "pg" / "PG_VERSION").write_text("12\n")
    for _ in range(2):
        with pytest.raises(StartupError, match="holds PostgreSQL 12 data, but this release needs 18"):
            SharedPostgres(data_dir).__enter__()
        assert_nothing_runs(data_dir)


def test_a_directory_that_can_not_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartupError, match=f"DATA_DIR {tmp_path}/file/data can't be used: Not a directory"):
        SharedPostgres(tmp_path / "file" / "data").__enter__()
    (tmp_path / "turn").mkdir()
    with pytest.raises(StartupError, match=f"DATA_DIR {tmp_path} can't be used: Is a directory"):
        SharedPostgres(tmp_path).__enter__()
