"""Counters of attempts to sign in, and one-time links sent by e-mail."""

from alembic import op

from migrations.helpers import grant, reference_table

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE attempts (
            key_hash bytea NOT NULL,
            failures integer NOT NULL,
            counted_at timestamptz NOT NULL,
            next_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            CONSTRAINT pk_attempts PRIMARY KEY (key_hash)
        )""")
    op.execute("CREATE INDEX ix_attempts_expires_at ON attempts (expires_at)")
    reference_table("attempts")
    grant("attempts", "SELECT, INSERT, UPDATE, DELETE")

    op.execute("""
        CREATE TABLE email_links (
            link_hash bytea NOT NULL,
            purpose text NOT NULL,
            email text NOT NULL,
            person_id uuid,
            mailed boolean NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            CONSTRAINT pk_email_links PRIMARY KEY (link_hash),
            CONSTRAINT fk_email_links_person_id FOREIGN KEY (person_id) REFERENCES people (id),
            CONSTRAINT ck_email_links_purpose CHECK (purpose IN ('sign_up', 'verify', 'reset')),
            CONSTRAINT ck_email_links_person CHECK ((person_id IS NULL) = (purpose = 'sign_up'))
        )""")
    op.execute("CREATE INDEX ix_email_links_person_id ON email_links (person_id)")
    op.execute("CREATE INDEX ix_email_links_expires_at ON email_links (expires_at)")
    reference_table("email_links")
    grant("email_links", "SELECT, INSERT, DELETE")


def downgrade() -> None:
    for table in ("email_links", "attempts"):
        op.execute(f"DROP TABLE {table}")
