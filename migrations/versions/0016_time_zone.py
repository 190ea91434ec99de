"""The time zone of a household, for dates that people read."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.execute("ALTER TABLE households ADD COLUMN time_zone text NOT NULL DEFAULT 'UTC'")


def downgrade() -> None:
    op.execute("ALTER TABLE households DROP COLUMN time_zone")
