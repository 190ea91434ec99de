"""Stopping, killing and starting again: nothing acknowledged is lost, nothing runs on, and clients stay signed in."""

import signal
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Final

import psutil
import pytest

from app.db.embedded.process import wait_for_lock
from tests.command import run
from tests.db.embedded_service import servers_of
from tests.journeys.official import official
from tests.journeys.person import Person
from tests.journeys.product import Product, interrupt, kill, processes_of
from tests.service import STOP_SECONDS, Service, free_port

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

WORKERS_NOTICE_SECONDS: Final = 15

Stop = Callable[[Service], None]


def terminate(service: Service) -> None:
    """SIGTERM to the process that was started, as a service manager sends it."""
    service.process.send_signal(signal.SIGTERM)


@pytest.fixture
def installed(tmp_path: Path) -> Generator[Product]:
    """A product of the test's own, not started yet."""
    with Product(tmp_path / "data") as product:
        yield product


@pytest.fixture(params=["1", "2"])
def with_workers(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Product]:
    """The same, with one worker and with two."""
    with Product(tmp_path / "data", environment={"WORKERS": request.param}) as product:
        yield product


async def shop(product: Product, person: Person) -> None:
    """Connect, add and list."""
    async with official(product.mcp_url, person) as client:
        await client.call("add_items", items=["milk"])
        assert await client.names() == ["milk"]


@pytest.mark.parametrize("stop", [terminate, interrupt])
async def test_a_signal_to_stop_ends_every_process_with_status_0(
    with_workers: Product, ada: Person, stop: Stop
) -> None:
    service = with_workers.start()
    await shop(with_workers, ada)
    assert len(processes_of(service)) >= int(with_workers.environment["WORKERS"])
    assert len(servers_of(with_workers.data_dir)) == 1
    stop(service)
    assert service.process.wait(STOP_SECONDS) == 0, "".join(service.log)
    with_workers.assert_nothing_runs()


async def test_a_connected_client_does_not_notice_a_restart(installed: Product, ada: Person) -> None:
    service = installed.start()
    async with official(installed.mcp_url, ada) as client:
        await client.call("add_items", items=["milk"])
        assert service.stop() == 0
        installed.start()
        client.wire.forget()
        assert await client.names() == ["milk"]
        await client.let_the_access_token_expire(installed.settings())
        await client.call("add_items", items=["bread"])
        assert await client.names() == ["milk", "bread"]
        assert {path for _, path, _ in client.wire.seen} == {"/mcp", "/oauth/token"}
    assert len(ada.asked) == 1


async def test_a_second_service_on_the_same_directory_is_told_so_in_one_line(
    installed: Product, ada: Person, tmp_path: Path
) -> None:
    installed.start()
    elsewhere = replace(installed, port=free_port())
    second = elsewhere.launch()
    assert second.process.wait(STOP_SECONDS) == 2
    second.stop()
    message = f"DATA_DIR {installed.data_dir} is in use by another service; stop it, or set DATA_DIR\n"
    assert second.log == [f"shopping-list-mcp: {message}"]
    await shop(installed, ada)
    command = run(tmp_path, "clients", "list", DATA_DIR=str(installed.data_dir), PORT=str(elsewhere.port))
    assert command.returncode == 2
    assert f"PUBLIC_URL is {elsewhere.url} here" in command.stderr
    assert f"was started with {installed.url};" in command.stderr


def test_a_signal_to_stop_in_the_middle_of_the_first_start_leaves_no_database(installed: Product) -> None:
    service = installed.launch()
    while not servers_of(installed.data_dir):
        assert service.process.poll() is None
    terminate(service)
    assert service.process.wait(STOP_SECONDS) == 0, "".join(service.log)
    installed.assert_nothing_runs()


async def test_after_kill_nine_a_restart_and_a_clean_exit_nothing_runs(installed: Product, ada: Person) -> None:
    killed = installed.start()
    async with official(installed.mcp_url, ada) as client:
        await client.call("add_items", items=["milk"])
        kill(killed)
        wait_for_lock(installed.data_dir / "lock")
        assert servers_of(installed.data_dir) == []
        service = installed.start()
        assert await client.names() == ["milk"]
    assert service.stop() == 0
    installed.assert_nothing_runs()


SLOW_START: Final = """
import sys, time
if any("spawn_main" in each for each in sys.orig_argv):
    time.sleep(8)
"""
"""What Python runs first in each worker, as on a machine where the imports take long."""


def test_workers_that_take_long_to_start_are_waited_for(installed: Product, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(SLOW_START)
    installed.environment = {"WORKERS": "2", "PYTHONPATH": str(tmp_path)}
    service = installed.start()
    assert not [line for line in service.log if "died" in line]
    assert service.stop() == 0


def test_after_kill_nine_of_their_parent_workers_end_by_themselves(installed: Product) -> None:
    installed.environment = {"WORKERS": "2"}
    killed = installed.start()
    workers = processes_of(killed)
    kill(killed)
    _, left = psutil.wait_procs(workers, timeout=WORKERS_NOTICE_SECONDS)
    assert left == []
    assert installed.start().stop() == 0
    installed.assert_nothing_runs()
