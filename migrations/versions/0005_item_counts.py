"""Lists know how much is on them, so that nobody counts ten thousand items to show a hundred; what was removed long ago
may be forgotten."""

from alembic import op

from migrations.helpers import grant, revoke

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    for column in ("open_items", "checked_items"):
        op.execute(f"ALTER TABLE lists ADD COLUMN {column} integer NOT NULL DEFAULT 0")
    # The policies bind the owner too, and no household is set here; without this the UPDATE would find no rows.
    for table in ("lists", "items"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute("""
        UPDATE lists SET open_items = counted.open, checked_items = counted.checked
        FROM (
            SELECT household_id, list_id, count(*) FILTER (WHERE checked_at IS NULL) AS open,
                   count(*) FILTER (WHERE checked_at IS NOT NULL) AS checked
            FROM items WHERE deleted_at IS NULL GROUP BY household_id, list_id
        ) AS counted
        WHERE lists.household_id = counted.household_id AND lists.id = counted.list_id""")
    for table in ("lists", "items"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")

    # A page of a list is then read in its order, whatever PostgreSQL believes of the list's length.
    _index_open_items("position, no")

    grant("items", "DELETE")  # those that were removed before the events that are kept


def downgrade() -> None:
    revoke("items", "DELETE")
    _index_open_items("position")
    for column in ("checked_items", "open_items"):
        op.execute(f"ALTER TABLE lists DROP COLUMN {column}")


def _index_open_items(order: str) -> None:
    op.execute("DROP INDEX ix_items_open_position")
    op.execute(f"""
        CREATE INDEX ix_items_open_position ON items (household_id, list_id, {order})
        WHERE checked_at IS NULL AND deleted_at IS NULL""")
