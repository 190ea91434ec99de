"""The embedded database: a PostgreSQL server that the service starts itself, and that runs while any of its processes
uses it."""

from app.db.embedded.roles import DatabaseUrls
from app.db.embedded.server import EmbeddedPostgres, find_running, has_database
from app.db.embedded.shared import SharedPostgres

__all__ = ["DatabaseUrls", "EmbeddedPostgres", "SharedPostgres", "find_running", "has_database"]
