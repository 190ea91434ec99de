"""Browser sessions and the authorization server."""

from alembic import op

from migrations.helpers import grant, reference_table

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _sessions()
    _signing_keys()
    _clients()
    _authorization_requests()
    _grants()
    _codes()
    _refresh_tokens()


def downgrade() -> None:
    for table in (
        "refresh_tokens",
        "refresh_families",
        "codes",
        "grant_households",
        "grants",
        "authorization_requests",
        "clients",
        "signing_keys",
        "sessions",
    ):
        op.execute(f"DROP TABLE {table}")


def _sessions() -> None:
    op.execute("""
        CREATE TABLE sessions (
            id_hash bytea NOT NULL,
            person_id uuid NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            CONSTRAINT pk_sessions PRIMARY KEY (id_hash),
            CONSTRAINT fk_sessions_person_id FOREIGN KEY (person_id) REFERENCES people (id)
        )""")
    op.execute("CREATE INDEX ix_sessions_person_id ON sessions (person_id)")
    op.execute("CREATE INDEX ix_sessions_expires_at ON sessions (expires_at)")
    reference_table("sessions")
    grant("sessions", "SELECT, INSERT, DELETE")


def _signing_keys() -> None:
    op.execute("""
        CREATE TABLE signing_keys (
            kid text NOT NULL,
            generation integer NOT NULL,
            public_jwk jsonb NOT NULL,
            sealed_private_key bytea NOT NULL,
            created_at timestamptz NOT NULL,
            active_from timestamptz NOT NULL,
            retired_at timestamptz,
            CONSTRAINT pk_signing_keys PRIMARY KEY (kid),
            CONSTRAINT uq_signing_keys_generation UNIQUE (generation)
        )""")
    reference_table("signing_keys")
    grant("signing_keys", "SELECT, INSERT, UPDATE")


def _clients() -> None:
    op.execute("""
        CREATE TABLE clients (
            id text NOT NULL,
            kind text NOT NULL,
            name text NOT NULL,
            redirect_uris jsonb NOT NULL,
            token_endpoint_auth_method text NOT NULL,
            secret_hash bytea,
            metadata jsonb NOT NULL,
            created_at timestamptz NOT NULL,
            last_used_at timestamptz NOT NULL,
            CONSTRAINT pk_clients PRIMARY KEY (id),
            CONSTRAINT ck_clients_kind CHECK (kind IN ('dynamic', 'document', 'preregistered')),
            CONSTRAINT ck_clients_token_endpoint_auth_method CHECK (
                token_endpoint_auth_method IN ('none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt')
            )
        )""")
    op.execute("CREATE INDEX ix_clients_last_used_at ON clients (last_used_at)")
    reference_table("clients")
    grant("clients", "SELECT, INSERT, UPDATE")


def _authorization_requests() -> None:
    op.execute("""
        CREATE TABLE authorization_requests (
            id uuid NOT NULL,
            browser_hash bytea NOT NULL,
            client_id text NOT NULL,
            redirect_uri text NOT NULL,
            state text,
            scopes text[] NOT NULL,
            resource text NOT NULL,
            code_challenge text NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            used_at timestamptz,
            CONSTRAINT pk_authorization_requests PRIMARY KEY (id)
        )""")
    op.execute("CREATE INDEX ix_authorization_requests_expires_at ON authorization_requests (expires_at)")
    reference_table("authorization_requests")
    grant("authorization_requests", "SELECT, INSERT, UPDATE")


def _grants() -> None:
    op.execute("""
        CREATE TABLE grants (
            id uuid NOT NULL,
            kind text NOT NULL,
            person_id uuid NOT NULL,
            client_id text NOT NULL,
            client jsonb NOT NULL,
            scopes text[] NOT NULL,
            resource text NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz,
            revoked_at timestamptz,
            revoked_because text,
            CONSTRAINT pk_grants PRIMARY KEY (id),
            CONSTRAINT fk_grants_person_id FOREIGN KEY (person_id) REFERENCES people (id),
            CONSTRAINT ck_grants_kind CHECK (kind IN ('consent', 'key')),
            CONSTRAINT ck_grants_revocation_has_a_reason CHECK ((revoked_at IS NULL) = (revoked_because IS NULL))
        )""")
    op.execute("CREATE INDEX ix_grants_person_id_client_id ON grants (person_id, client_id)")
    op.execute("CREATE INDEX ix_grants_client_id ON grants (client_id)")
    op.execute("CREATE INDEX ix_grants_expires_at ON grants (expires_at)")
    reference_table("grants")
    grant("grants", "SELECT, INSERT, UPDATE")

    op.execute("""
        CREATE TABLE grant_households (
            grant_id uuid NOT NULL,
            household_id uuid NOT NULL,
            is_default boolean NOT NULL,
            CONSTRAINT pk_grant_households PRIMARY KEY (grant_id, household_id),
            CONSTRAINT fk_grant_households_grant_id FOREIGN KEY (grant_id) REFERENCES grants (id) ON DELETE CASCADE,
            CONSTRAINT fk_grant_households_household_id FOREIGN KEY (household_id) REFERENCES households (id)
        )""")
    op.execute("CREATE INDEX ix_grant_households_household_id ON grant_households (household_id)")
    op.execute("CREATE UNIQUE INDEX uq_grant_households_default ON grant_households (grant_id) WHERE is_default")
    reference_table("grant_households")
    grant("grant_households", "SELECT, INSERT")


def _codes() -> None:
    op.execute("""
        CREATE TABLE codes (
            code_hash bytea NOT NULL,
            grant_id uuid NOT NULL,
            redirect_uri text NOT NULL,
            code_challenge text NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            consumed_at timestamptz,
            CONSTRAINT pk_codes PRIMARY KEY (code_hash),
            CONSTRAINT fk_codes_grant_id FOREIGN KEY (grant_id) REFERENCES grants (id) ON DELETE CASCADE
        )""")
    op.execute("CREATE INDEX ix_codes_grant_id ON codes (grant_id)")
    op.execute("CREATE INDEX ix_codes_expires_at ON codes (expires_at)")
    reference_table("codes")
    grant("codes", "SELECT, INSERT, UPDATE")


def _refresh_tokens() -> None:
    op.execute("""
        CREATE TABLE refresh_families (
            id uuid NOT NULL,
            grant_id uuid NOT NULL,
            current_generation integer NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_refresh_families PRIMARY KEY (id),
            CONSTRAINT uq_refresh_families_grant_id UNIQUE (grant_id),
            CONSTRAINT fk_refresh_families_grant_id FOREIGN KEY (grant_id) REFERENCES grants (id) ON DELETE CASCADE
        )""")
    reference_table("refresh_families")
    grant("refresh_families", "SELECT, INSERT, UPDATE")

    op.execute("""
        CREATE TABLE refresh_tokens (
            family_id uuid NOT NULL,
            generation integer NOT NULL,
            token_hash bytea NOT NULL,
            successor_nonce bytea,
            created_at timestamptz NOT NULL,
            rotated_at timestamptz,
            CONSTRAINT pk_refresh_tokens PRIMARY KEY (family_id, generation),
            CONSTRAINT uq_refresh_tokens_family_id_token_hash UNIQUE (family_id, token_hash),
            CONSTRAINT fk_refresh_tokens_family_id FOREIGN KEY (family_id)
                REFERENCES refresh_families (id) ON DELETE CASCADE
        )""")
    reference_table("refresh_tokens")
    grant("refresh_tokens", "SELECT, INSERT, UPDATE")
