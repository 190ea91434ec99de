"""A host's process: what it writes where, how it ends, and the database that several of them share."""

import json
import signal
from pathlib import Path

import httpx
import pytest

from app.db.embedded.process import is_locked, wait_for_lock
from tests.db.embedded_service import execute, servers_of
from tests.journeys.product import Product
from tests.stdio.host import Host

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("stdio")]


def assert_nothing_runs(data_dir: Path) -> None:
    """Neither a server nor its keeper is left."""
    assert servers_of(data_dir) == []
    assert not is_locked(data_dir / "lock")
    assert not is_locked(data_dir / "postgres.lock")


@pytest.mark.proves("""stdio-stdout MUST MCP 2026-07-28 basic/transports: stdio
    A server writes nothing to stdout but MCP messages; what it logs goes to stderr.
    Here: stdout is kept by the transport from the start of the process; whatever else is written there goes to
    stderr.""")
def test_nothing_but_the_protocol_is_on_stdout_however_much_is_logged(product: Product) -> None:
    with Host(product.data_dir, environment={"LOG_LEVEL": "debug"}) as host:
        numbers = [
            host.request("server/discover"),
            host.request("tools/call", name="list_items", arguments={}),
            host.request("tools/call", name="no_such_tool", arguments={}),
            host.request("no/such/method"),
            host.request("tools/call", name=17),
        ]
        host.write("this is no message\n")
        host.write("\n")
        host.write(json.dumps({"jsonrpc": "2.0", "id": 0, "method": "x" * 2 * 1024 * 1024}) + "\n")
        host.write("\u2028 ✓\n")
        numbers.append(host.request("tools/list"))
        answers = [host.read() for _ in numbers]
        status, stdout, stderr = host.end()
    assert sorted(each["id"] for each in answers) == sorted(numbers)
    assert sum("result" in each for each in answers) == 3
    assert (status, stdout) == (0, "")
    lines = [json.loads(line) for line in stderr.splitlines()]
    assert {"tools/call", "tools/list"} <= {each.get("method") for each in lines}
    assert "a message is too long and was dropped" in {each["event"] for each in lines}


@pytest.mark.proves("stdio-stdout")
@pytest.mark.parametrize(
    ("environment", "arguments", "status", "said"),
    [
        ({"DATA_DIR": "/dev/null"}, [], 2, "SECRET_KEY: /dev/null/secret_key can't be read or written: "),
        ({"LOG_LEVEL": "loud"}, [], 2, "LOG_LEVEL: must be one of "),
        ({}, ["--person", "nobody@example.org"], 1, "person: nobody has this e-mail address, subject or id."),
        (
            {"DATABASE_URL": "postgresql://a:b@c/d", "MIGRATION_DATABASE_URL": "postgresql://a:b@c/d"},
            [],
            2,
            "DATABASE_URL is set, and `stdio` is for the database in DATA_DIR; let the app use http",
        ),
    ],
    ids=["data directory", "setting", "person", "external database"],
)
def test_a_start_that_fails_is_one_line_on_stderr(
    product: Product, environment: dict[str, str], arguments: list[str], status: int, said: str
) -> None:
    secret = {"SECRET_KEY": "x" * 32} if "DATABASE_URL" in environment else {}
    with Host(product.data_dir, *arguments, environment={**environment, **secret}) as host:
        ended, stdout, stderr = host.end()
    assert (ended, stdout) == (status, "")
    assert stderr.splitlines()[-1].startswith(f"shopping-list-mcp: {said}")
    assert "Traceback" not in stderr


def test_the_secret_key_of_the_service_is_needed_beside_its_database(data_dir: Path) -> None:
    (data_dir / "secret_key").unlink()
    with Host(data_dir) as host:
        ended, stdout, stderr = host.end()
    assert (ended, stdout) == (2, "")
    assert stderr == "shopping-list-mcp: SECRET_KEY: give this command the one of the service, preferably in .env\n"


@pytest.mark.proves("""stdio-person MUST own rule
    Nobody reaches the local person without a token but through the stdin of a process on this computer.
    Here: What serves HTTP knows nothing of the local person; beside a host it refuses a request without a token.""")
def test_the_service_beside_a_host_refuses_requests_without_a_token(product: Product) -> None:
    with Host(product.data_dir) as host:
        assert host.call("get_overview")
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "get_overview"}}
        headers = {"Accept": "application/json, text/event-stream"}
        assert httpx.post(product.mcp_url, json=body, headers=headers).status_code == 401


@pytest.mark.proves("stdio-database")
@pytest.mark.proves("""stdio-env SHOULD MCP authorization (Protocol Requirements)
    A stdio server takes credentials from its environment instead of this flow.
    Instead: It needs none. Its environment names a database, and who can read that needs no leave to use it; the server
    acts as the person there.""")
def test_hosts_and_a_service_start_and_end_in_any_order_and_way_on_one_database(data_dir: Path) -> None:
    with Host(data_dir) as first, Host(data_dir, interpreter=True) as second:
        first.call("add_items", items=["milk"])
        assert second.names() == ["milk"]
        (server,) = servers_of(data_dir)
        assert server not in [*first.children(), *second.children()]
        # Both started at once where nobody was, and created one person.
        for table in ("people", "households", "lists"):
            assert execute(superuser(data_dir), f"SELECT count(*) FROM {table}") == 1
        first.kill()
        second.call("add_items", items=["bread"])
        with Product(data_dir) as product:
            service = product.start()
            assert second.end()[:2] == (0, "")
            assert httpx.get(f"{product.url}/readyz").status_code == 200
            with Host(data_dir, interpreter=True) as third:
                assert third.names() == ["milk", "bread"]
                assert service.stop() == 0
                third.call("add_items", items=["jam"])
                assert servers_of(data_dir) == [server]
                assert third.stop(signal.SIGTERM) == 0
        assert_nothing_runs(data_dir)
    with Host(data_dir) as host:
        assert host.names() == ["milk", "bread", "jam"]
        assert host.end()[:2] == (0, "")
        assert_nothing_runs(data_dir)
    with Host(data_dir) as host:
        assert host.names() == ["milk", "bread", "jam"]
        host.kill()
        wait_for_lock(data_dir / "lock")
        assert_nothing_runs(data_dir)


def superuser(data_dir: Path) -> str:
    """The superuser's address of the database that runs in `data_dir`."""
    return Product(data_dir).database().superuser


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_host_that_is_told_to_stop_ends_even_if_its_peer_reads_nothing(
    product: Product, number: signal.Signals
) -> None:
    with Host(product.data_dir, interpreter=number == signal.SIGTERM) as host:
        assert host.answer("server/discover")
        for _ in range(20):  # about 50 kB each, far more than a pipe holds
            host.request("tools/list")
        assert host.stop(number) == 0
