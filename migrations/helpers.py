"""What each new table goes through: tenancy, least privilege, and distribution where Citus is there."""

from alembic import op
from sqlalchemy import text

POLICY = "household_id = nullif(current_setting('app.household_id', true), '')::uuid"


def tenant_table(name: str) -> None:
    """Row-level security that binds the owner too, and distribution by household."""
    op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY household ON {name} USING ({POLICY}) WITH CHECK ({POLICY})")
    if _has_citus():
        op.execute(f"SELECT create_distributed_table('{name}', 'household_id')")


def reference_table(name: str) -> None:
    """A global table: on Citus, a copy on every worker."""
    if _has_citus():
        op.execute(f"SELECT create_reference_table('{name}')")


def grant(name: str, privileges: str) -> None:
    """Give the service role the named privileges (`SELECT, INSERT`) on a table, and no others."""
    op.execute(f"GRANT {privileges} ON {name} TO {_service_role()}")


def revoke(name: str, privileges: str) -> None:
    """Take privileges on a table from the service role again."""
    op.execute(f"REVOKE {privileges} ON {name} FROM {_service_role()}")


def narrow_updates(columns_of: dict[str, str]) -> None:
    """Let the service role change only the named columns (`revoked_at, revoked_because`) of each table."""
    for table, columns in columns_of.items():
        revoke(table, "UPDATE")
        grant(table, f"UPDATE ({columns})")


def widen_updates(columns_of: dict[str, str]) -> None:
    """The way back from `narrow_updates`."""
    for table, columns in columns_of.items():
        revoke(table, f"UPDATE ({columns})")
        grant(table, "UPDATE")


def _service_role() -> str:
    role: str = op.get_context().config.attributes["service_role"]  # type: ignore[union-attr]
    return _quoted(role)


def _quoted(name: str) -> str:
    return op.get_bind().dialect.identifier_preparer.quote(name)


def _has_citus() -> bool:
    return op.get_bind().execute(text("SELECT 1 FROM pg_extension WHERE extname = 'citus'")).scalar() is not None
