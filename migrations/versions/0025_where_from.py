"""Where a browser session, an app and an API key were last seen."""

from alembic import op

from migrations.helpers import grant, revoke

revision = "0025"
down_revision = "0024"

WRITTEN = {
    "api_keys": "last_used_from",
    "refresh_families": "used_from",
    "sessions": "seen_at, browser, network",
}


def upgrade() -> None:
    op.execute("""
        ALTER TABLE sessions ADD COLUMN seen_at timestamptz, ADD COLUMN browser text, ADD COLUMN network text,
        ADD CONSTRAINT ck_sessions_browser CHECK (length(browser) <= 300)""")
    op.execute("ALTER TABLE refresh_families ADD COLUMN used_from text")
    op.execute("ALTER TABLE api_keys ADD COLUMN last_used_from text")
    for table, columns in WRITTEN.items():
        grant(table, f"UPDATE ({columns})")


def downgrade() -> None:
    for table, columns in WRITTEN.items():
        revoke(table, f"UPDATE ({columns})")
    op.execute("ALTER TABLE api_keys DROP COLUMN last_used_from")
    op.execute("ALTER TABLE refresh_families DROP COLUMN used_from")
    op.execute("ALTER TABLE sessions DROP COLUMN network, DROP COLUMN browser, DROP COLUMN seen_at")
