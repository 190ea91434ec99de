"""How a recipe is cooked, and where it is from."""

from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.execute("ALTER TABLE recipes ADD COLUMN source text, ADD COLUMN steps text")


def downgrade() -> None:
    op.execute("ALTER TABLE recipes DROP COLUMN steps, DROP COLUMN source")
