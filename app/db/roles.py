"""The role that the service runs as must not be able to see past row-level security."""

from sqlalchemy import text

from app.db.engine import Engine
from app.db.transactions import transaction
from app.errors import StartupError

_POWERS = text("""
    SELECT r.rolsuper AS superuser, r.rolbypassrls AS bypass,
           EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND pg_has_role(r.oid, c.relowner, 'USAGE'))
               AS owner
    FROM pg_roles r WHERE r.rolname = current_user
""")


async def refuse_powerful_role(engine: Engine) -> None:
    """Raises `StartupError` when DATABASE_URL connects as a superuser, with BYPASSRLS, or as an owner of tables."""
    async with transaction(engine) as connection:
        row = (await connection.execute(_POWERS)).one()
    if row.superuser:
        reason = "is a superuser"
    elif row.bypass:
        reason = "has BYPASSRLS"
    elif row.owner:
        reason = "owns the tables"
    else:
        return
    raise StartupError(f"DATABASE_URL: its role {reason}, so households would not be kept apart; use a role of its own")
