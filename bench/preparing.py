"""Starting everything, and filling the databases."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from app.db.embedded import DatabaseUrls, EmbeddedPostgres
from app.settings import Settings
from bench.filling import add_households, gather_statistics, lengthen_lists
from bench.peers import PeerMissing, peers
from bench.plan import HOUSEHOLDS, OPEN_ITEMS
from bench.programs import Programs
from bench.runs import Bench
from bench.servers import Server, beside, settings_for
from bench.setup import make_shoppers
from bench.sizes import GROWTH_CONNECTIONS, LONGEST_LIST, ROOM, Sizes, households_name, items_name


@dataclass
class Preparation:
    """What runs and is filled so far; `stack` ends and removes it."""

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
        self.servers["ours"] = self.programs.ours(self.settings)
        self.readers = asyncio.run(make_shoppers(self.settings, HOUSEHOLDS, OPEN_ITEMS))

    def comparisons(self, *, may_install: bool) -> None:
        """The limit, two workers, and every peer that can take part."""
        self.servers["limit"] = self.programs.limit(beside(self.settings))
        self.servers["ours, 2 workers"] = self.programs.ours(beside(self.settings, workers=2))
        for peer in peers():
            try:
                peer.prepare(may_install=may_install)
            except PeerMissing as reason:
                self.left_out.append(f"{peer.name}: {reason}")
                print(f"{peer.name} is left out: {reason}", file=sys.stderr)
            else:
                self.servers[peer.name] = self.programs.peer(peer, beside(self.settings))
                self.versions[peer.name] = peer.version()

    def growth(self) -> None:
        """A database for each number of households, and lists of each length."""
        for households in self.sizes.households:
            _say(f"Filling a database with {households:,} households ...")
            self._households(households)
        for items in self.sizes.items:
            _say(f"Filling lists with {items:,} items each ...")
            tokens = asyncio.run(make_shoppers(self.settings, GROWTH_CONNECTIONS, 0))
            # Who has a long list has bought much before.
            ever = 2 * LONGEST_LIST if items >= LONGEST_LIST - ROOM else items
            asyncio.run(lengthen_lists(self.urls.superuser, tokens, items, ever + 1))
            self.people[items_name(items)] = tokens

    def memory(self) -> None:
        """A service that nobody has called yet."""
        self.servers["memory"] = self.programs.ours(beside(self.settings))

    def bench(self) -> Bench:
        """All of it, with PostgreSQL's statistics gathered; nothing may be added afterwards."""
        self.versions["PostgreSQL"] = asyncio.run(gather_statistics(self.urls.owner))
        pid = (self.directory / "data/pg/postmaster.pid").read_text().split(maxsplit=1)[0]
        return Bench(self.settings, self.servers, int(pid), self.readers, self.people, self.sizes)

    def _households(self, households: int) -> None:
        urls = self.postgres.create_database(f"households_{households}")
        settings = _on(urls, self.settings)
        name = households_name(households)
        self.servers[name] = self.programs.ours(settings)
        self.people[name] = asyncio.run(make_shoppers(settings, GROWTH_CONNECTIONS, OPEN_ITEMS))
        asyncio.run(add_households(urls.superuser, households - GROWTH_CONNECTIONS))
        asyncio.run(gather_statistics(urls.owner))


def _on(urls: DatabaseUrls, settings: Settings) -> Settings:
    """The settings of a service of its own on another database; it answers under the same name."""
    return settings_for(urls).model_copy(update={"public_url": settings.public_url})


def _say(what: str) -> None:
    print(what, file=sys.stderr)
