"""The database: one engine, one transaction per call, one commit in the code base."""

from app.db.engine import Connection, Engine, create_engine, driver_of
from app.db.ids import new_id
from app.db.metadata import metadata
from app.db.transaction import transaction

__all__ = ["Connection", "Engine", "create_engine", "driver_of", "metadata", "new_id", "transaction"]
