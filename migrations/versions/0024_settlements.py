"""Money that one member gave another to settle a debt."""

from alembic import op

from migrations.helpers import grant, tenant_table

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE settlements (
            household_id uuid NOT NULL,
            id uuid NOT NULL,
            payer uuid NOT NULL,
            payee uuid NOT NULL,
            amount numeric(12, 2) NOT NULL,
            currency text NOT NULL,
            paid_at timestamptz NOT NULL,
            CONSTRAINT pk_settlements PRIMARY KEY (household_id, id),
            CONSTRAINT fk_settlements_household_id FOREIGN KEY (household_id) REFERENCES households (id),
            CONSTRAINT ck_settlements_amount_above_zero CHECK (amount > 0),
            CONSTRAINT ck_settlements_between_two CHECK (payer <> payee)
        )""")
    tenant_table("settlements")
    grant("settlements", "SELECT, INSERT, UPDATE, DELETE")  # as every table of a household
    op.execute("CREATE INDEX ix_settlements_household_id_paid_at ON settlements (household_id, paid_at)")


def downgrade() -> None:
    op.execute("DROP TABLE settlements")
