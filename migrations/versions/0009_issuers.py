"""People and grants of external issuers, and sign-ins at an OpenID provider that are under way."""

from alembic import op

from migrations.helpers import grant, reference_table

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE identities (
            issuer text NOT NULL,
            subject text NOT NULL,
            person_id uuid NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_identities PRIMARY KEY (issuer, subject),
            CONSTRAINT fk_identities_person_id FOREIGN KEY (person_id) REFERENCES people (id)
        )""")
    op.execute("CREATE INDEX ix_identities_person_id ON identities (person_id)")
    reference_table("identities")
    grant("identities", "SELECT, INSERT")

    op.execute("""
        CREATE TABLE upstream_sign_ins (
            state_hash bytea NOT NULL,
            request_id uuid NOT NULL,
            issuer text NOT NULL,
            created_at timestamptz NOT NULL,
            used_at timestamptz,
            CONSTRAINT pk_upstream_sign_ins PRIMARY KEY (state_hash),
            CONSTRAINT fk_upstream_sign_ins_request_id FOREIGN KEY (request_id)
                REFERENCES authorization_requests (id) ON DELETE CASCADE
        )""")
    op.execute("CREATE INDEX ix_upstream_sign_ins_request_id ON upstream_sign_ins (request_id)")
    reference_table("upstream_sign_ins")
    grant("upstream_sign_ins", "SELECT, INSERT, UPDATE")

    op.execute("ALTER TABLE grants ADD COLUMN issuer text")
    op.execute("ALTER TABLE grants DROP CONSTRAINT ck_grants_kind")
    op.execute("ALTER TABLE grants ADD CONSTRAINT ck_grants_kind CHECK (kind IN ('consent', 'key', 'external'))")
    op.execute("""
        ALTER TABLE grants ADD CONSTRAINT ck_grants_issuer_of_external
        CHECK ((kind = 'external') = (issuer IS NOT NULL))""")
    op.execute("""
        CREATE UNIQUE INDEX uq_grants_external ON grants (person_id, issuer, client_id) WHERE kind = 'external'""")


def downgrade() -> None:
    op.execute("DELETE FROM grants WHERE kind = 'external'")
    op.execute("DROP INDEX uq_grants_external")
    op.execute("ALTER TABLE grants DROP CONSTRAINT ck_grants_issuer_of_external")
    op.execute("ALTER TABLE grants DROP CONSTRAINT ck_grants_kind")
    op.execute("ALTER TABLE grants ADD CONSTRAINT ck_grants_kind CHECK (kind IN ('consent', 'key'))")
    op.execute("ALTER TABLE grants DROP COLUMN issuer")
    for table in ("upstream_sign_ins", "identities"):
        op.execute(f"DROP TABLE {table}")
