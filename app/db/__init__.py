"""The database: one engine, one transaction per call, one commit in the code base."""

from app.db.engine import Connection, Engine, create_engine
from app.db.ids import lowest_id, new_id
from app.db.metadata import metadata
from app.db.transactions import CommittedError, OpenTransaction, open_transaction, transaction

__all__ = [
    "CommittedError",
    "Connection",
    "Engine",
    "OpenTransaction",
    "create_engine",
    "lowest_id",
    "metadata",
    "new_id",
    "open_transaction",
    "transaction",
]
