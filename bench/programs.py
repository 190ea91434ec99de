"""Starting everything that gets measured."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from app.settings import Settings
from bench.peers import Peer
from bench.peers import environment_for as peer_environment
from bench.servers import Server, environment_for, python, running


@dataclass(frozen=True)
class Programs:
    """Starts programs, which `stack` ends; their logs go into `directory`."""

    stack: ExitStack
    directory: Path

    def ours(self, settings: Settings) -> Server:
        """The service, on the port of `settings`."""
        return self._start(python("app", "serve"), settings)

    def limit(self, settings: Settings) -> Server:
        """The limit of what the service could reach, on the port of `settings`."""
        return self._start(python("bench.limit"), settings)

    def peer(self, peer: Peer, settings: Settings) -> Server:
        """Another library's server; the service must run, because it publishes the keys."""
        return self._enter(peer.command, peer_environment(settings), settings.port)

    def _start(self, command: Sequence[str], settings: Settings) -> Server:
        return self._enter(command, environment_for(settings), settings.port)

    def _enter(self, command: Sequence[str], environment: Mapping[str, str], port: int) -> Server:
        return self.stack.enter_context(running(command, environment, port, self.directory / f"{port}.log"))
