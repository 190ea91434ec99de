"""What people hear of lists while they are elsewhere: pushes to their browsers, and a daily letter."""

from alembic import op

from migrations.helpers import grant, reference_table

revision = "0026"
down_revision = "0025"

PRIVILEGES = "SELECT, INSERT, UPDATE, DELETE"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE push_subscriptions (
            id uuid NOT NULL,
            person_id uuid NOT NULL,
            session_hash bytea NOT NULL,
            endpoint_hash bytea NOT NULL,
            sealed bytea NOT NULL,
            public_key text NOT NULL,
            created_at timestamptz NOT NULL,
            pushed_at timestamptz,
            failures smallint NOT NULL DEFAULT 0,
            CONSTRAINT pk_push_subscriptions PRIMARY KEY (id),
            CONSTRAINT uq_push_subscriptions_endpoint_hash UNIQUE (endpoint_hash),
            CONSTRAINT fk_push_subscriptions_person_id FOREIGN KEY (person_id) REFERENCES people (id)
                ON DELETE CASCADE,
            CONSTRAINT fk_push_subscriptions_session_hash FOREIGN KEY (session_hash) REFERENCES sessions (id_hash)
                ON DELETE CASCADE
        )""")
    reference_table("push_subscriptions")
    grant("push_subscriptions", PRIVILEGES)
    op.execute("CREATE INDEX ix_push_subscriptions_person_id ON push_subscriptions (person_id)")
    op.execute("CREATE INDEX ix_push_subscriptions_session_hash ON push_subscriptions (session_hash)")
    op.execute("""
        CREATE TABLE list_alerts (
            household_id uuid NOT NULL,
            person_id uuid NOT NULL,
            list_id uuid NOT NULL,
            push text,
            in_letter boolean NOT NULL,
            told_up_to integer NOT NULL,
            due_at timestamptz,
            CONSTRAINT pk_list_alerts PRIMARY KEY (household_id, person_id, list_id),
            CONSTRAINT fk_list_alerts_household_id_person_id FOREIGN KEY (household_id, person_id)
                REFERENCES memberships (household_id, person_id) ON DELETE CASCADE,
            CONSTRAINT ck_list_alerts_push CHECK (push IN ('additions', 'changes'))
        )""")
    reference_table("list_alerts")
    grant("list_alerts", PRIVILEGES)
    op.execute("CREATE INDEX ix_list_alerts_person_id ON list_alerts (person_id)")
    op.execute("CREATE INDEX ix_list_alerts_due_at ON list_alerts (due_at) WHERE due_at IS NOT NULL")
    op.execute("""
        CREATE TABLE push_outbox (
            id uuid NOT NULL,
            subscription_id uuid NOT NULL,
            household_id uuid,
            person_id uuid,
            list_id uuid,
            first_event integer,
            last_event integer,
            due_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            attempts smallint NOT NULL DEFAULT 0,
            CONSTRAINT pk_push_outbox PRIMARY KEY (id),
            CONSTRAINT uq_push_outbox_subscription_id_household_id_list_id
                UNIQUE NULLS NOT DISTINCT (subscription_id, household_id, list_id),
            CONSTRAINT fk_push_outbox_subscription_id FOREIGN KEY (subscription_id)
                REFERENCES push_subscriptions (id) ON DELETE CASCADE,
            CONSTRAINT fk_push_outbox_list_alerts FOREIGN KEY (household_id, person_id, list_id)
                REFERENCES list_alerts (household_id, person_id, list_id) ON DELETE CASCADE
        )""")
    reference_table("push_outbox")
    grant("push_outbox", PRIVILEGES)
    op.execute(
        "CREATE INDEX ix_push_outbox_household_id_person_id_list_id ON push_outbox (household_id, person_id, list_id)"
    )
    op.execute("CREATE INDEX ix_push_outbox_due_at ON push_outbox (due_at)")
    op.execute("""
        CREATE TABLE alert_settings (
            person_id uuid NOT NULL,
            language text NOT NULL,
            time_zone text NOT NULL,
            quiet_from smallint,
            quiet_until smallint,
            without_text boolean NOT NULL,
            letter_hour smallint NOT NULL,
            letter_due_at timestamptz,
            letter_attempts smallint NOT NULL DEFAULT 0,
            letter_at timestamptz,
            CONSTRAINT pk_alert_settings PRIMARY KEY (person_id),
            CONSTRAINT fk_alert_settings_person_id FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE CASCADE,
            CONSTRAINT ck_alert_settings_quiet CHECK ((quiet_from IS NULL) = (quiet_until IS NULL)),
            CONSTRAINT ck_alert_settings_letter_hour CHECK (letter_hour BETWEEN 0 AND 23)
        )""")
    reference_table("alert_settings")
    grant("alert_settings", PRIVILEGES)
    op.execute(
        "CREATE INDEX ix_alert_settings_letter_due_at ON alert_settings (letter_due_at) WHERE letter_due_at IS NOT NULL"
    )


def downgrade() -> None:
    for table in ("push_outbox", "list_alerts", "push_subscriptions", "alert_settings"):
        op.execute(f"DROP TABLE {table}")
