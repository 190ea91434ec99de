"""Codes that stand in for a lost passkey, and what the deletion of an account takes away."""

from alembic import op

from migrations.helpers import grant, reference_table, revoke

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE recovery_codes (
            code_hash bytea NOT NULL,
            person_id uuid NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_recovery_codes PRIMARY KEY (code_hash),
            CONSTRAINT fk_recovery_codes_person_id FOREIGN KEY (person_id) REFERENCES people (id)
        )""")
    op.execute("CREATE INDEX ix_recovery_codes_person_id ON recovery_codes (person_id)")
    reference_table("recovery_codes")
    grant("recovery_codes", "SELECT, INSERT, DELETE")
    for table in ("credentials", "identities"):
        grant(table, "DELETE")


def downgrade() -> None:
    for table in ("credentials", "identities"):
        revoke(table, "DELETE")
    op.execute("DROP TABLE recovery_codes")
