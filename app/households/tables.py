"""Tables of households; all but `clocks` are global, read by person, code or key before a household is known."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from app.db import metadata

households = Table(
    "households",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("ref", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("currency", Text, nullable=False, server_default=text("'EUR'")),
    Column("locale", Text, nullable=False, server_default=text("'en'")),
    Column("time_zone", Text, nullable=False, server_default=text("'UTC'")),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    UniqueConstraint("ref"),
)

memberships = Table(
    "memberships",
    metadata,
    Column("household_id", Uuid, ForeignKey("households.id"), primary_key=True),
    Column("person_id", Uuid, ForeignKey("people.id"), primary_key=True),
    Column("role", Text, nullable=False),
    Column("default_list_id", Uuid),
    Column("joined_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    CheckConstraint("role IN ('owner', 'editor', 'viewer')", name="role"),
    Index(None, "person_id"),
)

invitations = Table(
    "invitations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("household_id", Uuid, ForeignKey("households.id"), nullable=False),
    Column("code_hash", LargeBinary, nullable=False),
    Column("role", Text, nullable=False),
    Column("invited_by", Uuid, ForeignKey("people.id"), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("uses_left", Integer, nullable=False),
    UniqueConstraint("code_hash"),
    CheckConstraint("role IN ('editor', 'viewer')", name="role"),
    CheckConstraint("uses_left >= 0", name="uses_left"),
    Index(None, "household_id"),
    Index(None, "invited_by"),
    Index(None, "expires_at"),
)

guest_links = Table(
    "guest_links",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("household_id", Uuid, ForeignKey("households.id"), nullable=False),
    Column("list_id", Uuid, nullable=False),
    # As whom its guest is in the history: a person without credentials, who stays on record when the link has ended.
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    Column("code_hash", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("may", Text, nullable=False),
    Column("made_by", Uuid, ForeignKey("people.id"), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("first_used_at", DateTime(timezone=True)),
    Column("last_used_at", DateTime(timezone=True)),
    UniqueConstraint("code_hash"),
    CheckConstraint("may IN ('look', 'tick')", name="may"),
    Index(None, "household_id"),
    Index(None, "person_id"),
    Index(None, "made_by"),
    Index(None, "expires_at"),
)

guest_keys = Table(
    "guest_keys",
    metadata,
    Column("key_hash", LargeBinary, primary_key=True),
    Column("link_id", Uuid, ForeignKey("guest_links.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index(None, "link_id"),
)

clocks = Table(
    "clocks",
    metadata,
    Column("household_id", Uuid, ForeignKey("households.id"), primary_key=True),
    Column("rev", BigInteger, nullable=False, server_default=text("0")),
    Column("next_list", Integer, nullable=False, server_default=text("1")),
    Column("next_item", Integer, nullable=False, server_default=text("1")),
    Column("next_event", Integer, nullable=False, server_default=text("1")),
    Column("forgotten_rev", BigInteger, nullable=False, server_default=text("0")),
)
"""A tenant table: one row per household, its write lock, its revision and the source of its short refs.

What left its place up to `forgotten_rev` is no longer on record."""
