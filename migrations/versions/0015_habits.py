"""What households corrected of a name, to be used when it is added again."""

from alembic import op

from migrations.helpers import grant, tenant_table

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE habits (
            household_id uuid NOT NULL,
            name_key text NOT NULL,
            unit text,
            category text,
            store text,
            rev bigint NOT NULL,
            CONSTRAINT pk_habits PRIMARY KEY (household_id, name_key),
            CONSTRAINT fk_habits_household_id FOREIGN KEY (household_id) REFERENCES households (id)
        )""")
    tenant_table("habits")
    grant("habits", "SELECT, INSERT, UPDATE, DELETE")  # the least used ones are forgotten


def downgrade() -> None:
    op.execute("DROP TABLE habits")
