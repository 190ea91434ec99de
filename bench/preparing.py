"""Start everything, and fill the databases."""

import asyncio
import sys
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from app.db.embedded import DatabaseUrls, EmbeddedPostgres
from app.settings import Settings
from bench.filling import add_households, gather_statistics, lengthen_lists
from bench.memory import DEVELOPMENT_ONLY, MEMORY
from bench.peers import PeerMissing, peers
from bench.plan import HOUSEHOLDS, LIMIT, OPEN_ITEMS, OURS, OURS_TWICE, SILENT
from bench.programs import Programs
from bench.runs import Bench
from bench.servers import Server, on_free_port, settings_for
from bench.setup import make_shoppers
from bench.sizes import GROWTH_CONNECTIONS, LONGEST_LIST, ROOM, Sizes, households_name, items_name


@dataclass
class Preparation:
    """What is running and filled so far; `stack` ends and removes it."""

    stack: ExitStack
    directory: Path
    sizes: Sizes
    servers: dict[str, Server] = field(default_factory=dict[str, Server])
    people: dict[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    versions: dict[str, str] = field(default_factory=dict[str, str])
    left_out: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self.postgres = EmbeddedPostgres(self.directory / "data", settings={"max_connections": "300"})
        self.urls = self.stack.enter_context(self.postgres)
        self.settings = settings_for(self.urls)
        self.programs = Programs(self.stack, self.directory)
        self.servers[OURS.server] = self.programs.start_service(self.settings)
        self.readers = asyncio.run(make_shoppers(self.settings, HOUSEHOLDS, OPEN_ITEMS))

    def add_servers(self, names: Collection[str], *, may_install: bool) -> None:
        """Start those of the limit, the service with two workers, and the peers that take part and can."""
        if LIMIT.server in names:
            self.servers[LIMIT.server] = self.programs.start_limit(on_free_port(self.settings))
        if OURS_TWICE.server in names:
            self.servers[OURS_TWICE.server] = self.programs.start_service(on_free_port(self.settings, workers=2))
        for peer in peers():
            if peer.name not in names:
                continue
            try:
                peer.prepare(may_install=may_install)
            except PeerMissing as reason:
                self.left_out.append(f"{peer.name}: {reason}")
                _report(f"{peer.name} is left out: {reason}")
            else:
                self.servers[peer.name] = self.programs.start_peer(peer, on_free_port(self.settings))
                self.versions[peer.name] = peer.version()

    def add_silent_people(self) -> None:
        """Create people who call now and then."""
        self.people[SILENT] = asyncio.run(make_shoppers(self.settings, self.sizes.silent_people, OPEN_ITEMS))

    def add_growth(self) -> None:
        """Fill a database for each number of households, and lists of each length."""
        for households in self.sizes.households:
            _report(f"Filling a database with {households:,} households ...")
            self._households(households)
        for items in self.sizes.items:
            _report(f"Filling lists with {items:,} items each ...")
            tokens = asyncio.run(make_shoppers(self.settings, GROWTH_CONNECTIONS, 0))
            # People with a long list have bought many items before.
            ever = 2 * LONGEST_LIST if items >= LONGEST_LIST - ROOM else items
            asyncio.run(lengthen_lists(self.urls.superuser, tokens, items, ever + 1))
            self.people[items_name(items)] = tokens

    def add_memory(self) -> None:
        """Start a service that nobody has called yet."""
        self.servers[MEMORY] = self.programs.start_service_without(on_free_port(self.settings), DEVELOPMENT_ONLY)

    def finish(self) -> Bench:
        """Update PostgreSQL's statistics and return everything; nothing may be added afterwards."""
        self.versions["PostgreSQL"] = asyncio.run(gather_statistics(self.urls.owner))
        pid = (self.directory / "data/pg/postmaster.pid").read_text().split(maxsplit=1)[0]
        return Bench(self.settings, self.urls.superuser, self.servers, int(pid), self.readers, self.people, self.sizes)

    def _households(self, households: int) -> None:
        urls = self.postgres.create_database(f"households_{households}")
        settings = _on(urls, self.settings)
        name = households_name(households)
        self.servers[name] = self.programs.start_service(settings)
        self.people[name] = asyncio.run(make_shoppers(settings, GROWTH_CONNECTIONS, OPEN_ITEMS))
        asyncio.run(add_households(urls.superuser, households - GROWTH_CONNECTIONS))
        asyncio.run(gather_statistics(urls.owner))


def _on(urls: DatabaseUrls, settings: Settings) -> Settings:
    """Return the settings of a separate service on another database, with the same PUBLIC_URL."""
    return settings_for(urls).model_copy(update={"public_url": settings.public_url})


def _report(text: str) -> None:
    print(text, file=sys.stderr)
