"""Clients that are described by a document or sign assertions; what is old may be deleted."""

from alembic import op

from migrations.helpers import grant, reference_table, revoke

revision = "0006"
down_revision = "0005"

DELETED_FROM = ("clients", "authorization_requests", "codes")


def upgrade() -> None:
    op.execute("ALTER TABLE clients ADD COLUMN jwks jsonb")
    op.execute("ALTER TABLE clients ADD COLUMN jwks_uri text")
    op.execute("ALTER TABLE clients ADD COLUMN may_introspect boolean NOT NULL DEFAULT false")
    op.execute("ALTER TABLE clients ADD COLUMN fresh_until timestamptz")
    op.execute("ALTER TABLE clients ADD COLUMN stale_until timestamptz")
    op.execute("""
        ALTER TABLE clients ADD CONSTRAINT ck_clients_documents_have_a_life
        CHECK ((kind = 'document') = (fresh_until IS NOT NULL AND stale_until IS NOT NULL))""")
    for table in DELETED_FROM:
        grant(table, "DELETE")

    op.execute("""
        CREATE TABLE client_assertions (
            client_id text NOT NULL,
            jti_hash bytea NOT NULL,
            expires_at timestamptz NOT NULL,
            CONSTRAINT pk_client_assertions PRIMARY KEY (client_id, jti_hash)
        )""")
    op.execute("CREATE INDEX ix_client_assertions_expires_at ON client_assertions (expires_at)")
    reference_table("client_assertions")
    grant("client_assertions", "SELECT, INSERT, DELETE")


def downgrade() -> None:
    op.execute("DROP TABLE client_assertions")
    for table in DELETED_FROM:
        revoke(table, "DELETE")
    op.execute("DELETE FROM clients WHERE kind = 'document'")
    op.execute("ALTER TABLE clients DROP CONSTRAINT ck_clients_documents_have_a_life")
    for column in ("stale_until", "fresh_until", "may_introspect", "jwks_uri", "jwks"):
        op.execute(f"ALTER TABLE clients DROP COLUMN {column}")
