"""Invitations to a household, and the roles of its members may change."""

from alembic import op

from migrations.helpers import grant, reference_table

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE invitations (
            id uuid NOT NULL,
            household_id uuid NOT NULL,
            code_hash bytea NOT NULL,
            role text NOT NULL,
            invited_by uuid NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            uses_left integer NOT NULL,
            CONSTRAINT pk_invitations PRIMARY KEY (id),
            CONSTRAINT uq_invitations_code_hash UNIQUE (code_hash),
            CONSTRAINT fk_invitations_household_id FOREIGN KEY (household_id) REFERENCES households (id),
            CONSTRAINT fk_invitations_invited_by FOREIGN KEY (invited_by) REFERENCES people (id),
            CONSTRAINT ck_invitations_role CHECK (role IN ('editor', 'viewer')),
            CONSTRAINT ck_invitations_uses_left CHECK (uses_left >= 0)
        )""")
    op.execute("CREATE INDEX ix_invitations_household_id ON invitations (household_id)")
    op.execute("CREATE INDEX ix_invitations_invited_by ON invitations (invited_by)")
    op.execute("CREATE INDEX ix_invitations_expires_at ON invitations (expires_at)")
    reference_table("invitations")
    grant("invitations", "SELECT, INSERT, UPDATE (uses_left), DELETE")


def downgrade() -> None:
    op.execute("DROP TABLE invitations")
