"""What people said about their pantry, and an index by which the purchases of a few names are found."""

from alembic import op

from migrations.helpers import grant, tenant_table

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE pantry (
            household_id uuid NOT NULL,
            name_key text NOT NULL,
            name text NOT NULL,
            have boolean NOT NULL,
            measure text NOT NULL DEFAULT 'none',
            amount numeric(18, 6),
            unit text,
            expires date,
            said_at timestamptz NOT NULL,
            rev bigint NOT NULL,
            CONSTRAINT pk_pantry PRIMARY KEY (household_id, name_key),
            CONSTRAINT fk_pantry_household_id FOREIGN KEY (household_id) REFERENCES households (id),
            CONSTRAINT ck_pantry_amount_has_measure CHECK ((measure = 'none') = (amount IS NULL)),
            CONSTRAINT ck_pantry_nothing_of_nothing CHECK (have OR (amount IS NULL AND expires IS NULL))
        )""")
    tenant_table("pantry")
    grant("pantry", "SELECT, INSERT, UPDATE, DELETE")  # the oldest are forgotten, and an undo takes a first one back
    op.execute("""
        CREATE INDEX ix_purchases_household_id_name_key_bought_at ON purchases (household_id, name_key, bought_at)""")


def downgrade() -> None:
    op.execute("DROP INDEX ix_purchases_household_id_name_key_bought_at")
    op.execute("DROP TABLE pantry")
