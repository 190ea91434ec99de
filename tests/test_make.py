"""The Makefile: what it says when it can't set up, and that `make run` passes signals on."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.db.embedded_service import servers_of
from tests.documents import ROOT
from tests.service import Service, free_port

PREPARED = ".venv/.synced"


def make(directory: Path, python: Path) -> subprocess.CompletedProcess[str]:
    """`make run` in a fresh copy that has nothing but what setting up needs."""
    for name in ("Makefile", "requirements-dev.txt"):
        shutil.copy(ROOT / name, directory)
    return subprocess.run(
        ["make", "run", f"PYTHON={python}"], cwd=directory, capture_output=True, text=True, check=False
    )


def script(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return path


def test_a_missing_python_is_named(tmp_path: Path) -> None:
    ended = make(tmp_path, tmp_path / "python9")
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"{tmp_path}/python9 is missing or older than 3.11; name another one: make PYTHON=")
    assert not (tmp_path / ".venv").exists()


def test_an_old_python_is_named(tmp_path: Path) -> None:
    old = script(tmp_path / "python3.9", "exit 1")
    ended = make(tmp_path, old)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"{old} is missing or older than 3.11")


def test_a_python_without_venv_is_named(tmp_path: Path) -> None:
    bare = script(tmp_path / "python3", 'case "$2" in *ensurepip*) exit 1;; esac')
    ended = make(tmp_path, bare)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"{bare} has no venv module; install it (Debian: apt-get install python3-venv)")


@pytest.mark.processes
@pytest.mark.parametrize("how", ["terminate make", "Ctrl-C", "terminate the group"])
def test_make_run_ends_with_nothing_left_running(how: str, tmp_path: Path) -> None:
    if not (ROOT / ".venv/bin/python").exists():
        pytest.skip("no .venv here; `make test` makes it")
    port = free_port()
    # Without the ARGS of the `make test` that may be running this.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "ARGS"))}
    process = subprocess.Popen(
        ["make", f"--old-file={PREPARED}", "run"],  # what is set up stays as it is
        cwd=ROOT,
        env={**environment, "PORT": str(port), "DATA_DIR": str(tmp_path / "data")},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    service = Service(f"http://localhost:{port}", process)
    service.wait_until_started()
    assert len(servers_of(tmp_path / "data")) == 1
    if how == "terminate make":
        service.stop()
    else:
        os.killpg(process.pid, signal.SIGINT if how == "Ctrl-C" else signal.SIGTERM)
        service.stop(signal.SIGCONT)
    assert servers_of(tmp_path / "data") == []
    assert "Traceback" not in "".join(service.log)
