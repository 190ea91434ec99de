"""An audit record to chain, to tamper with and to verify."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from app.audit import log
from app.audit.chain import ChainLink
from app.audit.chaining import AuditChainer
from app.audit.log import AuditLog
from app.audit.models import Action, AuditEntry
from app.audit.verify import Verdict, verify
from app.db import Engine
from app.db.embedded import DatabaseUrls
from app.db.engine import Driver, connect
from app.jobs import audit_chain
from app.settings import Settings
from tests.mcp.conftest import client

__all__ = ["client"]

NOW = datetime.now(UTC)


def entry(**known: Any) -> AuditEntry:
    """An entry in which every field says something."""
    everything: dict[str, Any] = {
        "action": Action.TOOL_CALLED,
        "at": NOW,
        "outcome": "ok",
        "person_id": uuid4(),
        "other_person_id": uuid4(),
        "client_id": "client",
        "grant_id": uuid4(),
        "household_id": uuid4(),
        "tool": "add_items",
        "detail": "detail",
        "address": "192.0.2.1",
        "email_hash": "0123",
        "duration_ms": 7,
        "touched": 3,
        "times": 2,
    }
    return AuditEntry(**{**everything, **known})


@dataclass
class Record:
    """The record of one database, as the service works on it and as a superuser does."""

    engine: Engine
    settings: Settings
    superuser: Driver
    chainer: AuditChainer
    log: AuditLog

    async def write(self, *entries: AuditEntry) -> None:
        """Write entries without chaining them."""
        for each in entries:
            self.log.note(each)
        await self.log.write()

    async def chain(self, number: int = 5) -> ChainLink:
        """Write so many entries and chain them; return the new head."""
        await self.write(*(entry() for _ in range(number)))
        head = await self.chainer.chain_all()
        assert head is not None
        return head

    async def verify(self, now: datetime = NOW, witness: ChainLink | None = None) -> Verdict:
        """Verify it."""
        return await verify(self.engine, self.settings.secret_keys, now, witness=witness)

    async def fault(self) -> tuple[str, int | None] | None:
        """The kind and number of the first fault."""
        found = (await self.verify()).fault
        return None if found is None else (found.kind, found.no)

    async def keep(self) -> None:
        """Remember everything as it is."""
        for table in ("audit_events", "audit_chain"):
            await self.superuser.execute(f"DROP TABLE IF EXISTS kept_{table}")
            await self.superuser.execute(f"CREATE TEMPORARY TABLE kept_{table} AS TABLE {table}")

    async def put_back(self) -> None:
        """Make everything as it was remembered."""
        for table in ("audit_events", "audit_chain"):
            await self.superuser.execute(f"TRUNCATE {table}")
            await self.superuser.execute(f"INSERT INTO {table} TABLE kept_{table}")

    async def count(self, condition: str = "true") -> int:
        """How many entries there are."""
        return await self.superuser.fetchval(f"SELECT count(*) FROM audit_events WHERE {condition}")


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let only the test itself write and chain."""
    monkeypatch.setattr(log, "GATHER_SECONDS", 3600)
    monkeypatch.setattr(audit_chain, "CHAIN_SECONDS", 3600)


@pytest.fixture
async def record(engine: Engine, settings: Settings, database: DatabaseUrls) -> AsyncGenerator[Record]:
    """An empty record."""
    superuser = await connect(database.superuser)
    yield Record(
        engine,
        settings,
        superuser,
        AuditChainer(engine, settings.secret_keys),
        AuditLog(engine, settings.secret_keys[0]),
    )
    await superuser.close()
