"""Passkeys, the challenges that they sign, and sign-ins that wait for one after the password."""

from alembic import op

from migrations.helpers import grant, reference_table

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.execute("ALTER TABLE people ADD COLUMN needs_passkey boolean DEFAULT false NOT NULL")
    op.execute("""
        CREATE TABLE passkeys (
            id uuid NOT NULL,
            person_id uuid NOT NULL,
            credential_id bytea NOT NULL,
            public_key bytea NOT NULL,
            sign_count bigint NOT NULL,
            name text NOT NULL,
            created_at timestamptz NOT NULL,
            last_used_at timestamptz,
            CONSTRAINT pk_passkeys PRIMARY KEY (id),
            CONSTRAINT uq_passkeys_credential_id UNIQUE (credential_id),
            CONSTRAINT fk_passkeys_person_id FOREIGN KEY (person_id) REFERENCES people (id),
            CONSTRAINT ck_passkeys_credential_id CHECK (length(credential_id) <= 1023)
        )""")
    op.execute("CREATE INDEX ix_passkeys_person_id ON passkeys (person_id)")
    reference_table("passkeys")
    grant("passkeys", "SELECT, INSERT, UPDATE (sign_count, name, last_used_at), DELETE")
    op.execute("""
        CREATE TABLE passkey_challenges (
            challenge_hash bytea NOT NULL,
            browser_hash bytea NOT NULL,
            purpose text NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            CONSTRAINT pk_passkey_challenges PRIMARY KEY (challenge_hash),
            CONSTRAINT ck_passkey_challenges_purpose
                CHECK (purpose IN ('sign_in', 'second_step', 'confirm', 'add'))
        )""")
    op.execute("CREATE INDEX ix_passkey_challenges_browser_hash ON passkey_challenges (browser_hash)")
    op.execute("CREATE INDEX ix_passkey_challenges_expires_at ON passkey_challenges (expires_at)")
    reference_table("passkey_challenges")
    grant("passkey_challenges", "SELECT, INSERT, DELETE")
    op.execute("""
        CREATE TABLE half_sign_ins (
            browser_hash bytea NOT NULL,
            person_id uuid NOT NULL,
            expires_at timestamptz NOT NULL,
            CONSTRAINT pk_half_sign_ins PRIMARY KEY (browser_hash),
            CONSTRAINT fk_half_sign_ins_person_id FOREIGN KEY (person_id) REFERENCES people (id)
        )""")
    op.execute("CREATE INDEX ix_half_sign_ins_person_id ON half_sign_ins (person_id)")
    op.execute("CREATE INDEX ix_half_sign_ins_expires_at ON half_sign_ins (expires_at)")
    reference_table("half_sign_ins")
    grant("half_sign_ins", "SELECT, INSERT, DELETE")


def downgrade() -> None:
    op.execute("DROP TABLE half_sign_ins")
    op.execute("DROP TABLE passkey_challenges")
    op.execute("DROP TABLE passkeys")
    op.execute("ALTER TABLE people DROP COLUMN needs_passkey")
