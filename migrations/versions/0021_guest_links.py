"""Links that show one list to guests without an account, and the keys of their assistants."""

from alembic import op

from migrations.helpers import grant, reference_table

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE guest_links (
            id uuid NOT NULL,
            household_id uuid NOT NULL,
            list_id uuid NOT NULL,
            person_id uuid NOT NULL,
            code_hash bytea NOT NULL,
            name text NOT NULL,
            may text NOT NULL,
            made_by uuid NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            first_used_at timestamptz,
            last_used_at timestamptz,
            CONSTRAINT pk_guest_links PRIMARY KEY (id),
            CONSTRAINT uq_guest_links_code_hash UNIQUE (code_hash),
            CONSTRAINT fk_guest_links_household_id FOREIGN KEY (household_id) REFERENCES households (id),
            CONSTRAINT fk_guest_links_person_id FOREIGN KEY (person_id) REFERENCES people (id),
            CONSTRAINT fk_guest_links_made_by FOREIGN KEY (made_by) REFERENCES people (id),
            CONSTRAINT ck_guest_links_may CHECK (may IN ('look', 'tick'))
        )""")
    op.execute("CREATE INDEX ix_guest_links_household_id ON guest_links (household_id)")
    op.execute("CREATE INDEX ix_guest_links_person_id ON guest_links (person_id)")
    op.execute("CREATE INDEX ix_guest_links_made_by ON guest_links (made_by)")
    op.execute("CREATE INDEX ix_guest_links_expires_at ON guest_links (expires_at)")
    reference_table("guest_links")
    grant("guest_links", "SELECT, INSERT, UPDATE (first_used_at, last_used_at), DELETE")
    op.execute("""
        CREATE TABLE guest_keys (
            key_hash bytea NOT NULL,
            link_id uuid NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_guest_keys PRIMARY KEY (key_hash),
            CONSTRAINT fk_guest_keys_link_id FOREIGN KEY (link_id) REFERENCES guest_links (id) ON DELETE CASCADE
        )""")
    op.execute("CREATE INDEX ix_guest_keys_link_id ON guest_keys (link_id)")
    reference_table("guest_keys")
    grant("guest_keys", "SELECT, INSERT, DELETE")


def downgrade() -> None:
    op.execute("DROP TABLE guest_keys")
    op.execute("DROP TABLE guest_links")
