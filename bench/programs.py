"""Start everything that is measured."""

import sys
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
    """Starts programs that `stack` ends; their logs are in `directory`."""

    stack: ExitStack
    directory: Path

    def start_service(self, settings: Settings) -> Server:
        """Start the service on the port of `settings`."""
        return self._start(python("app", "serve"), settings)

    def start_service_without(self, settings: Settings, modules: Sequence[str]) -> Server:
        """Start the service as if these modules were not installed."""
        hide = f"import runpy, sys; sys.modules.update(dict.fromkeys({list(modules)})); sys.argv.append('serve')"
        return self._start([sys.executable, "-c", f"{hide}; runpy.run_module('app', run_name='__main__')"], settings)

    def start_limit(self, settings: Settings) -> Server:
        """Start the limit on the port of `settings`."""
        return self._start(python("bench.limit"), settings)

    def start_peer(self, peer: Peer, settings: Settings) -> Server:
        """Start another library's server; the service must be running, because it publishes the keys."""
        return self._enter(peer.command, peer_environment(settings), settings.port)

    def _start(self, command: Sequence[str], settings: Settings) -> Server:
        return self._enter(command, environment_for(settings), settings.port)

    def _enter(self, command: Sequence[str], environment: Mapping[str, str], port: int) -> Server:
        return self.stack.enter_context(running(command, environment, port, self.directory / f"{port}.log"))
