"""An index of the few events that moved items by hand: their order wins over what was learned of a store."""

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.execute("CREATE INDEX ix_events_moves ON events (household_id, no) WHERE kind = 'move_items'")


def downgrade() -> None:
    op.execute("DROP INDEX ix_events_moves")
