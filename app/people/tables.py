"""People, their credentials and their browser sessions: global tables, read before any household is known."""

from sqlalchemy import (
    BigInteger,
    Boolean,
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
)
from sqlalchemy import text as sql

from app.db import metadata

people = Table(
    "people",
    metadata,
    Column("id", Uuid, primary_key=True),
    # Identity is (issuer, subject), never the e-mail address. Accounts here have issuer 'local', subject = email_key.
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("email", Text),
    Column("email_key", Text),
    Column("name", Text, nullable=False),
    Column("email_verified_at", DateTime(timezone=True)),
    # Whether the password alone is not enough.
    Column("needs_passkey", Boolean, nullable=False, server_default=sql("false")),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=sql("now()")),
    UniqueConstraint("issuer", "subject"),
)

identities = Table(
    "identities",
    metadata,
    # Whom another issuer identifies by a subject: its tokens and sign-ins find the person here, and nowhere else.
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index(None, "person_id"),
)

credentials = Table(
    "credentials",
    metadata,
    Column("person_id", Uuid, ForeignKey("people.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("secret_hash", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=sql("now()")),
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default=sql("now()")),
    CheckConstraint("kind IN ('password')", name="kind"),
)

sessions = Table(
    "sessions",
    metadata,
    # SHA-256 of the cookie's value, so a copy of this table signs nobody in.
    Column("id_hash", LargeBinary, primary_key=True),
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    # SHA-256 of the cookie that the browser had before, which the same form sent once more still brings.
    Column("opened_by", LargeBinary),
    # What was last seen of its browser, for its person; None until its first page.
    Column("seen_at", DateTime(timezone=True)),
    Column("browser", Text),
    Column("network", Text),
    CheckConstraint("length(browser) <= 300", name="browser"),
    Index(None, "person_id"),
    Index(None, "expires_at"),
)

attempts = Table(
    "attempts",
    metadata,
    # HMAC of what is counted, an account or a network address. No foreign key: unknown accounts count too.
    Column("key_hash", LargeBinary, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("counted_at", DateTime(timezone=True), nullable=False),
    Column("next_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index(None, "expires_at"),
)

email_links = Table(
    "email_links",
    metadata,
    # SHA-256 of the secret in the link.
    Column("link_hash", LargeBinary, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("email", Text, nullable=False),
    # None while there is no account: the link creates it.
    Column("person_id", Uuid, ForeignKey("people.id")),
    # Whether it was sent by e-mail, so that using it proves who reads the mailbox.
    Column("mailed", Boolean, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("purpose IN ('sign_up', 'verify', 'reset')", name="purpose"),
    CheckConstraint("(person_id IS NULL) = (purpose = 'sign_up')", name="person"),
    Index(None, "person_id"),
    Index(None, "expires_at"),
)

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    # What the authenticator calls it (WebAuthn section 4, Credential ID), and its public key in COSE.
    Column("credential_id", LargeBinary, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("last_used_at", DateTime(timezone=True)),
    CheckConstraint("length(credential_id) <= 1023", name="credential_id"),
    Index(None, "person_id"),
)

passkey_challenges = Table(
    "passkey_challenges",
    metadata,
    # SHA-256 of the challenge, and of the cookie of the one browser that may answer it.
    Column("challenge_hash", LargeBinary, primary_key=True),
    Column("browser_hash", LargeBinary, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("purpose IN ('sign_in', 'second_step', 'confirm', 'add')", name="purpose"),
    Index(None, "browser_hash"),
    Index(None, "expires_at"),
)

half_sign_ins = Table(
    "half_sign_ins",
    metadata,
    # Browsers in which the password was right, and a passkey is still to come.
    Column("browser_hash", LargeBinary, primary_key=True),
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index(None, "person_id"),
    Index(None, "expires_at"),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    # SHA-256 of the code; a used one is deleted.
    Column("code_hash", LargeBinary, primary_key=True),
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index(None, "person_id"),
)
