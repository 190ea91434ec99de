"""The embedded database: a PostgreSQL server of our own, started and stopped with the service."""

from app.db.embedded.roles import DatabaseUrls
from app.db.embedded.server import EmbeddedPostgres, find_running, has_database

__all__ = ["DatabaseUrls", "EmbeddedPostgres", "find_running", "has_database"]
