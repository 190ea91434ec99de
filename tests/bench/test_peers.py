"""Peers are installed once, from locks that name no index; one that can't be installed says why in one line."""

import re
import sys
from pathlib import Path

import pytest

from bench.memory import DEVELOPMENT_ONLY
from bench.peers import Peer, PeerMissing, peers
from tests.documents import ROOT


@pytest.fixture
def installs() -> list[str]:
    """Return what was installed so far."""
    return []


@pytest.fixture
def peer(tmp_path: Path, installs: list[str]) -> Peer:
    """Return a peer that only records its installations."""
    lock, installed = tmp_path / "lock", tmp_path / "installed"
    lock.write_text("version 1")

    def install() -> None:
        installed.mkdir(exist_ok=True)
        installs.append(lock.read_text())

    return Peer("peer", ["peer"], lock, installed, install, lock.read_text)


def test_a_peer_is_installed_once_for_each_lock(peer: Peer, installs: list[str]) -> None:
    peer.prepare(may_install=True)
    peer.prepare(may_install=True)
    peer.prepare(may_install=False)
    assert installs == ["version 1"]

    peer.lock.write_text("version 2")
    with pytest.raises(PeerMissing, match="not installed"):
        peer.prepare(may_install=False)
    peer.prepare(may_install=True)
    assert installs == ["version 1", "version 2"]


def test_a_peer_whose_program_is_missing_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    fastmcp = next(each for each in peers() if each.name == "FastMCP")
    with pytest.raises(PeerMissing, match=r"^uv, which installs it, is missing$"):
        fastmcp.install()


def test_what_the_measured_memory_leaves_out_is_not_installed_in_production() -> None:
    production, development = (
        set(re.findall(r"^([\w-]+)==", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.txt", "requirements-dev.txt")
    )
    assert not production & {*DEVELOPMENT_ONLY}
    assert {*DEVELOPMENT_ONLY} <= development


@pytest.mark.parametrize("peer", peers(), ids=lambda peer: str(peer.name))
def test_the_locks_of_peers_name_no_index(peer: Peer) -> None:
    lock = peer.lock.read_text()
    assert "sha256:" in lock or '"integrity": "sha512-' in lock
    assert '"resolved"' not in lock
    assert "index-url" not in lock
    assert peer.version() in lock
