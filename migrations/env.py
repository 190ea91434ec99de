"""Alembic's entry: one transaction for the whole upgrade, under one lock, so that concurrent starts migrate once.

`app.db.migrations` hands in an open connection and the name of the service role; the plain `alembic` command takes both
from the settings.
"""

from alembic import context
from sqlalchemy import Connection, text

from app.db.migrations import run_with_settings
from app.tables import metadata

LOCK = 0x5368_6F70  # any fixed number: pg_advisory_xact_lock serialises the migrations of one database


def run(connection: Connection) -> None:
    """Run the requested migrations on an open connection, inside one transaction."""
    context.configure(connection=connection, target_metadata=metadata, compare_server_default=True)
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is None:
    run_with_settings(context.config, run)
else:
    run(given)
