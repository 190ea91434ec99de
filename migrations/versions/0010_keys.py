"""API keys and service accounts; clients that may ask about tokens; the open requests of one browser are found fast."""

from alembic import op

from migrations.helpers import grant, reference_table

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    _kinds_of_grants("'consent', 'key', 'external', 'service'")
    op.execute("""
        CREATE TABLE api_keys (
            key_hash bytea NOT NULL,
            grant_id uuid NOT NULL,
            last_used_on date,
            CONSTRAINT pk_api_keys PRIMARY KEY (key_hash),
            CONSTRAINT uq_api_keys_grant_id UNIQUE (grant_id),
            CONSTRAINT fk_api_keys_grant_id FOREIGN KEY (grant_id) REFERENCES grants (id) ON DELETE CASCADE
        )""")
    reference_table("api_keys")
    grant("api_keys", "SELECT, INSERT, UPDATE")
    op.execute("CREATE INDEX ix_authorization_requests_browser_hash ON authorization_requests (browser_hash)")


def downgrade() -> None:
    op.execute("DROP INDEX ix_authorization_requests_browser_hash")
    op.execute("DROP TABLE api_keys")
    op.execute("DELETE FROM grants WHERE kind = 'service'")
    _kinds_of_grants("'consent', 'key', 'external'")


def _kinds_of_grants(kinds: str) -> None:
    op.execute("ALTER TABLE grants DROP CONSTRAINT ck_grants_kind")
    op.execute(f"ALTER TABLE grants ADD CONSTRAINT ck_grants_kind CHECK (kind IN ({kinds}))")
