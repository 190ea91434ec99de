"""Tables of what people hear of lists. They are global: each is read by person, or by what is due, before any household
is known; none holds anything of a list."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from app.db import metadata

push_subscriptions = Table(
    "push_subscriptions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("person_id", Uuid, ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    # It ends with the browser's sign-in, however that ends.
    Column("session_hash", LargeBinary, ForeignKey("sessions.id_hash", ondelete="CASCADE"), nullable=False),
    # SHA-256 of the endpoint: whoever knows an endpoint and its keys can write to the browser.
    Column("endpoint_hash", LargeBinary, nullable=False),
    # Endpoint and keys, encrypted.
    Column("sealed", LargeBinary, nullable=False),
    # Our public key that the browser was given: its push service takes nothing that another one signed.
    Column("public_key", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("pushed_at", DateTime(timezone=True)),
    Column("failures", SmallInteger, nullable=False, server_default=text("0")),
    UniqueConstraint("endpoint_hash"),
    Index(None, "person_id"),
    Index(None, "session_hash"),
)

list_alerts = Table(
    "list_alerts",
    metadata,
    Column("household_id", Uuid, primary_key=True),
    Column("person_id", Uuid, primary_key=True),
    Column("list_id", Uuid, primary_key=True),
    Column("push", Text),
    Column("in_letter", Boolean, nullable=False),
    # The number of the last event that is done with, and when to look for later ones.
    Column("told_up_to", Integer, nullable=False),
    Column("due_at", DateTime(timezone=True)),
    ForeignKeyConstraint(
        ["household_id", "person_id"], ["memberships.household_id", "memberships.person_id"], ondelete="CASCADE"
    ),
    CheckConstraint("push IN ('additions', 'changes')", name="push"),
    Index(None, "person_id"),
    Index(None, "due_at", postgresql_where=text("due_at IS NOT NULL")),
)

push_outbox = Table(
    "push_outbox",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("subscription_id", Uuid, ForeignKey("push_subscriptions.id", ondelete="CASCADE"), nullable=False),
    # Of a list the events from one number to another; nothing of these for a push that only tries the way.
    Column("household_id", Uuid),
    Column("person_id", Uuid),
    Column("list_id", Uuid),
    Column("first_event", Integer),
    Column("last_event", Integer),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
    ForeignKeyConstraint(
        ["household_id", "person_id", "list_id"],
        ["list_alerts.household_id", "list_alerts.person_id", "list_alerts.list_id"],
        name="fk_push_outbox_list_alerts",
        ondelete="CASCADE",
    ),
    UniqueConstraint("subscription_id", "household_id", "list_id", postgresql_nulls_not_distinct=True),
    Index(None, "household_id", "person_id", "list_id"),
    Index(None, "due_at"),
)

alert_settings = Table(
    "alert_settings",
    metadata,
    Column("person_id", Uuid, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("language", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    # Minutes since midnight.
    Column("quiet_from", SmallInteger),
    Column("quiet_until", SmallInteger),
    Column("without_text", Boolean, nullable=False),
    Column("letter_hour", SmallInteger, nullable=False),
    # When the next letter is due; None for who wants none.
    Column("letter_due_at", DateTime(timezone=True)),
    Column("letter_attempts", SmallInteger, nullable=False, server_default=text("0")),
    # When the last one was sent, or there was nothing to say.
    Column("letter_at", DateTime(timezone=True)),
    CheckConstraint("(quiet_from IS NULL) = (quiet_until IS NULL)", name="quiet"),
    CheckConstraint("letter_hour BETWEEN 0 AND 23", name="letter_hour"),
    Index(None, "letter_due_at", postgresql_where=text("letter_due_at IS NOT NULL")),
)
