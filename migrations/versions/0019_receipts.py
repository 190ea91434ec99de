"""Purchases that no item stands for, of the category that they had, and of whoever paid; found by name."""

from alembic import op

revision = "0019"
down_revision = "0018"


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
    op.execute("""
        CREATE INDEX ix_purchases_household_id_name_key_bought_at ON purchases (household_id, name_key, bought_at)""")


def downgrade() -> None:
    op.execute("DROP INDEX ix_purchases_household_id_name_key_bought_at")
    op.execute("ALTER TABLE purchases NO FORCE ROW LEVEL SECURITY")
    op.execute("DELETE FROM purchases WHERE item_id IS NULL")
    op.execute("ALTER TABLE purchases FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE purchases DROP COLUMN paid_by, DROP COLUMN category")
    op.execute("ALTER TABLE purchases ALTER COLUMN item_id SET NOT NULL")
