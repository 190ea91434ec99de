"""Purchases that no item stands for, of the category that they had, and of whoever paid."""

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.execute("ALTER TABLE purchases ALTER COLUMN item_id DROP NOT NULL")
    op.execute("ALTER TABLE purchases ADD COLUMN category text, ADD COLUMN paid_by uuid")
    # The policies bind the owner too, and no household is set here; without this the UPDATE would find no rows.
    for table in ("purchases", "items"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute("""
        UPDATE purchases SET category = items.category FROM items
        WHERE items.household_id = purchases.household_id AND items.id = purchases.item_id
          AND items.category IS NOT NULL""")
    for table in ("purchases", "items"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.execute("ALTER TABLE purchases NO FORCE ROW LEVEL SECURITY")
    op.execute("DELETE FROM purchases WHERE item_id IS NULL")
    op.execute("ALTER TABLE purchases FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE purchases DROP COLUMN paid_by, DROP COLUMN category")
    op.execute("ALTER TABLE purchases ALTER COLUMN item_id SET NOT NULL")
