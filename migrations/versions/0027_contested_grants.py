"""Grants whose refresh token was seen in two hands."""

from alembic import op

from migrations.helpers import grant, revoke

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.execute("ALTER TABLE grants ADD COLUMN contested_at timestamptz, ADD COLUMN contested_from text")
    grant("grants", "UPDATE (contested_at, contested_from)")


def downgrade() -> None:
    revoke("grants", "UPDATE (contested_at, contested_from)")
    op.execute("ALTER TABLE grants DROP COLUMN contested_from, DROP COLUMN contested_at")
