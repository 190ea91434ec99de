"""The embedded server lives exactly as long as its service, whatever happens to either."""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from subprocess import DEVNULL, PIPE

import psutil
import pytest

from app.db.embedded import EmbeddedPostgres
from app.db.embedded.process import is_locked
from app.db.embedded.programs import program_dir
from app.db.embedded.server import find_answering
from app.db.embedded.socket_dir import SOCKET_FILES, is_ours
from tests.db.embedded_service import FAST, Service, execute, servers_of

pytestmark = pytest.mark.processes

NOBODY = 65534


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


def assert_nothing_runs(data_dir: Path) -> None:
    assert servers_of(data_dir) == []
    assert not is_locked(data_dir / "postgres.lock")


def test_the_server_answers_while_the_context_is_open_and_is_gone_after_it(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, settings=FAST) as urls:
        assert execute(urls.service, "SELECT current_setting('server_version_num')::int / 10000") == 18
        assert len(servers_of(data_dir)) == 1
        socket_dir = Path(execute(urls.superuser, "SHOW unix_socket_directories"))
        assert socket_dir.exists()
    assert_nothing_runs(data_dir)
    assert not socket_dir.exists()


def test_stopping_twice_is_harmless(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir, settings=FAST)
    server.start()
    server.stop()
    server.stop()
    assert_nothing_runs(data_dir)


def test_stopping_a_server_that_has_died_is_harmless(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, settings=FAST):
        servers_of(data_dir)[0].kill()
    assert_nothing_runs(data_dir)


def test_data_and_passwords_outlive_a_restart(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, settings=FAST) as urls:
        execute(urls.owner, "CREATE TABLE kept AS SELECT 'Müsli' AS name")
        before = urls.service.split("@")[0]
    with EmbeddedPostgres(data_dir, settings=FAST) as urls:
        assert execute(urls.owner, "SELECT name FROM kept") == "Müsli"
        assert urls.service.split("@")[0] == before


def test_sigterm_leaves_no_server(data_dir: Path) -> None:
    with Service(data_dir) as service:
        service.urls()
        service.signal(signal.SIGTERM)
        assert service.end() == (0, "")
        assert_nothing_runs(data_dir)


def test_an_interrupt_from_the_terminal_leaves_the_server_to_the_service(data_dir: Path) -> None:
    with Service(data_dir) as service:
        service.urls()
        assert os.getsid(service.server().pid) != os.getsid(service.process.pid)
        os.killpg(service.process.pid, signal.SIGINT)
        service.process.wait(60)  # by the interrupt, before its input ends as well
        assert service.end() == (0, "")
        assert_nothing_runs(data_dir)
    with EmbeddedPostgres(data_dir, settings=FAST) as urls:
        assert execute(urls.owner, "SELECT to_regclass('written_after_the_interrupt') IS NOT NULL")


def kill_service(service: Service) -> psutil.Process:
    """Kill the service as the kernel would; the server that it leaves behind."""
    orphan = service.server()
    service.signal(signal.SIGKILL)
    service.end()
    assert orphan in servers_of(service.data_dir)
    return orphan


def kill_server(data_dir: Path, server: psutil.Process) -> None:
    """Kill the server, and wait for its children, which notice by themselves."""
    server.kill()
    while is_locked(data_dir / "postgres.lock"):
        pass


def test_after_kill_nine_the_next_service_has_every_row_and_leaves_no_server(data_dir: Path) -> None:
    with Service(data_dir) as killed:
        execute(killed.urls()["owner"], "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        orphan = kill_service(killed)
        with Service(data_dir) as service:
            assert execute(service.urls()["owner"], "SELECT count(*) FROM kept") == 1000
            assert orphan not in servers_of(data_dir)
            assert service.end() == (0, "")
            assert_nothing_runs(data_dir)


def test_after_kill_nine_a_running_statement_does_not_hold_up_the_next_service(data_dir: Path) -> None:
    with Service(data_dir) as killed:
        url = killed.urls()["owner"].replace("+asyncpg", "")
        command = [program_dir() / "psql", "-XAtw", url]
        with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, text=True) as client:
            assert client.stdin is not None
            assert client.stdout is not None
            client.stdin.write("SELECT 'it runs';\nSELECT pg_sleep(600);\n")
            client.stdin.close()
            assert client.stdout.readline() == "it runs\n"
            kill_service(killed)
            with EmbeddedPostgres(data_dir, settings=FAST) as urls:
                assert execute(urls.service, "SELECT 1") == 1
    assert_nothing_runs(data_dir)


def test_after_kill_nine_of_service_and_server_the_next_service_has_every_row(data_dir: Path) -> None:
    with Service(data_dir) as killed:
        running = killed.urls()
        execute(running["owner"], "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        socket_dir = Path(execute(running["superuser"], "SHOW unix_socket_directories"))
        kill_service(killed).kill()
        with EmbeddedPostgres(data_dir, settings=FAST) as urls:
            assert execute(urls.owner, "SELECT count(*) FROM kept") == 1000
            assert not socket_dir.exists()
    assert_nothing_runs(data_dir)


def test_a_stale_pid_file_that_names_a_living_process_neither_stops_the_start_nor_harms_it(data_dir: Path) -> None:
    with Service(data_dir) as killed:
        killed.urls()
        server = kill_service(killed)
        account = server.uids().real
        kill_server(data_dir, server)
    stranger = subprocess.Popen(["sleep", "600"], user=account)
    try:
        pid_file = data_dir / "pg" / "postmaster.pid"
        pid_file.write_text("\n".join([str(stranger.pid), *pid_file.read_text().splitlines()[1:]]))
        with EmbeddedPostgres(data_dir, settings=FAST) as urls:
            assert execute(urls.service, "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_second_service_on_the_same_directory_is_told_so_in_one_line(data_dir: Path) -> None:
    with Service(data_dir) as first:
        urls = first.urls()
        with Service(data_dir) as second:
            status, stderr = second.end()
            assert status == 2
            assert stderr == f"DATA_DIR {data_dir} is in use by another service; stop it, or set DATA_DIR\n"
            assert execute(urls["service"], "SELECT 1") == 1


def test_a_service_killed_in_the_middle_of_the_first_start_does_not_block_the_next(data_dir: Path) -> None:
    with Service(data_dir) as killed:
        while not list(data_dir.glob("pg.new-*/pg/base")):
            assert killed.process.poll() is None
        killed.signal(signal.SIGKILL)
        killed.end()
        assert not (data_dir / "pg").exists()
        with EmbeddedPostgres(data_dir, settings=FAST) as urls:
            assert execute(urls.service, "SELECT 1") == 1
    assert_nothing_runs(data_dir)


def test_what_an_interrupted_first_start_left_is_cleared_away(data_dir: Path) -> None:
    left = data_dir / "pg.new-1" / "pg"
    left.mkdir(parents=True)
    (left / "PG_VERSION").write_text("18")
    with EmbeddedPostgres(data_dir, settings=FAST) as urls:
        assert execute(urls.service, "SELECT 1") == 1
    assert list(data_dir.glob("pg.new-*")) == []


def test_a_copy_of_a_directory_in_use_leaves_the_original_alone(tmp_path: Path, data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, settings=FAST) as urls:
        copy = tmp_path / "copy"
        copy.mkdir()
        shutil.copy(data_dir / "postgres.json", copy)
        with EmbeddedPostgres(copy, settings=FAST) as other:
            assert execute(other.superuser, "SHOW data_directory") == str(copy / "pg")
        assert execute(urls.superuser, "SHOW data_directory") == str(data_dir / "pg")


def elsewhere(data_dir: Path, socket_dir: Path) -> None:
    """Let DATA_DIR name another directory of a socket."""
    path = data_dir / "postgres.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "socket_dir": str(socket_dir)}))


@pytest.mark.proves("""stdio-socket MUST own rule
    Nobody else's server can pass for the embedded one.
    Here: The directory of the socket must belong to us or the server's account, and be closed to others, or it is
    neither used nor cleared.""")
def test_a_directory_of_a_socket_that_others_may_have_made_is_neither_used_nor_cleared(
    tmp_path: Path, data_dir: Path
) -> None:
    """What waits there may be somebody else's server: after a restart of the machine the name below /tmp is free."""
    with EmbeddedPostgres(data_dir, settings=FAST) as urls:
        ours = Path(execute(urls.superuser, "SHOW unix_socket_directories"))
        assert find_answering(data_dir) == urls
        ours.chmod(0o750)
        assert find_answering(data_dir) is None
        ours.chmod(0o700)
        link = tmp_path / "link"
        link.symlink_to(ours)
        elsewhere(data_dir, link)
        assert find_answering(data_dir) is None
        elsewhere(data_dir, ours)
        assert find_answering(data_dir) == urls
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    foreign.chmod(0o777)
    (foreign / SOCKET_FILES[0]).touch()
    elsewhere(data_dir, foreign)
    with EmbeddedPostgres(data_dir, settings=FAST) as urls:
        assert execute(urls.superuser, "SHOW unix_socket_directories") != str(foreign)
    assert (foreign / SOCKET_FILES[0]).exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory to another account")
def test_a_directory_of_a_socket_belongs_to_us_or_to_the_server(tmp_path: Path) -> None:
    socket_dir = tmp_path / "sockets"
    socket_dir.mkdir(mode=0o700)
    assert is_ours(socket_dir, tmp_path)
    os.chown(socket_dir, NOBODY, NOBODY)
    assert not is_ours(socket_dir, tmp_path)
    (tmp_path / "pg").mkdir()
    assert not is_ours(socket_dir, tmp_path)
    os.chown(tmp_path / "pg", NOBODY, NOBODY)
    assert is_ours(socket_dir, tmp_path)
    assert not is_ours(tmp_path / "nowhere", tmp_path)
