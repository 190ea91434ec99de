"""The embedded database: a PostgreSQL server of our own, which runs as long as any of our processes uses it."""

from app.db.embedded.roles import DatabaseUrls
from app.db.embedded.server import EmbeddedPostgres, find_running, has_database
from app.db.embedded.shared import SharedPostgres

__all__ = ["DatabaseUrls", "EmbeddedPostgres", "SharedPostgres", "find_running", "has_database"]
