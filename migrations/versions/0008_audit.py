"""The record of who did what, and the chain that seals it."""

from alembic import op

from migrations.helpers import grant, reference_table

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE audit_events (
            id uuid NOT NULL,
            at timestamptz NOT NULL,
            action text NOT NULL,
            outcome text NOT NULL,
            person_id uuid,
            other_person_id uuid,
            client_id text,
            grant_id uuid,
            household_id uuid,
            tool text,
            detail text,
            address text,
            email_hash text,
            duration_ms integer,
            touched integer,
            times integer NOT NULL,
            seal_no bigint,
            seal bytea,
            CONSTRAINT pk_audit_events PRIMARY KEY (id),
            CONSTRAINT ck_audit_events_seal_has_a_number CHECK ((seal_no IS NULL) = (seal IS NULL))
        )""")
    op.execute("CREATE UNIQUE INDEX uq_audit_events_seal_no ON audit_events (seal_no) WHERE seal_no IS NOT NULL")
    op.execute("CREATE INDEX ix_audit_events_unsealed ON audit_events (at, id) WHERE seal_no IS NULL")
    reference_table("audit_events")
    grant("audit_events", "SELECT, INSERT, DELETE")  # what is older than AUDIT_DAYS goes
    grant("audit_events", "UPDATE (seal_no, seal)")

    op.execute("""
        CREATE TABLE audit_chain (
            id integer NOT NULL,
            sealed_key bytea NOT NULL,
            anchor_no bigint NOT NULL,
            anchor_seal bytea NOT NULL,
            head_no bigint NOT NULL,
            head_seal bytea NOT NULL,
            mac bytea NOT NULL,
            CONSTRAINT pk_audit_chain PRIMARY KEY (id),
            CONSTRAINT ck_audit_chain_one_row CHECK (id = 1)
        )""")
    reference_table("audit_chain")
    grant("audit_chain", "SELECT, INSERT, UPDATE")


def downgrade() -> None:
    op.execute("DROP TABLE audit_chain")
    op.execute("DROP TABLE audit_events")
