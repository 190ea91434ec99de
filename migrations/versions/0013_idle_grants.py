"""When a refresh token was last used. Of grants the service may write how they end, and delete what has ended."""

from alembic import op

from migrations.helpers import grant, narrow_updates, revoke, widen_updates

revision = "0013"
down_revision = "0012"

WRITTEN = {"grants": "revoked_at, revoked_because", "refresh_families": "current_generation, used_at"}
DELETED_FROM = ("grants", "refresh_tokens")


def upgrade() -> None:
    # The default is for processes of the version before, while they still run.
    op.execute("ALTER TABLE refresh_families ADD COLUMN used_at timestamptz NOT NULL DEFAULT now()")
    op.execute("""
        UPDATE refresh_families SET used_at = newest.created_at FROM refresh_tokens AS newest
        WHERE newest.family_id = refresh_families.id AND newest.generation = refresh_families.current_generation""")
    for table in DELETED_FROM:
        grant(table, "DELETE")
    narrow_updates(WRITTEN)


def downgrade() -> None:
    widen_updates(WRITTEN)
    for table in DELETED_FROM:
        revoke(table, "DELETE")
    op.execute("ALTER TABLE refresh_families DROP COLUMN used_at")
