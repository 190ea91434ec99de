"""The authorization server's tables: global, because a token is read before any household is known."""

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    Date,
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
from sqlalchemy.dialects.postgresql import JSONB

from app.db import metadata

Moment = DateTime(timezone=True)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", Text, primary_key=True),
    # Counts up from 1. Unique, so that of two processes that create the same key at once one finds the other's.
    Column("generation", Integer, nullable=False),
    Column("public_jwk", JSONB, nullable=False),
    Column("sealed_private_key", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("active_from", Moment, nullable=False),
    Column("retired_at", Moment),
    UniqueConstraint("generation"),
)

clients = Table(
    "clients",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("redirect_uris", JSONB, nullable=False),
    Column("token_endpoint_auth_method", Text, nullable=False),
    Column("secret_hash", LargeBinary),
    Column("metadata", JSONB, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_used_at", Moment, nullable=False),
    Column("jwks", JSONB(none_as_null=True)),
    Column("jwks_uri", Text),
    Column("may_introspect", Boolean, nullable=False, server_default=sql("false")),
    # Of metadata documents: until when it is not fetched again, and until when it is used while it can't be.
    Column("fresh_until", Moment),
    Column("stale_until", Moment),
    CheckConstraint("kind IN ('dynamic', 'document', 'preregistered', 'service')", name="kind"),
    CheckConstraint(
        "token_endpoint_auth_method IN ('none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt')",
        name="token_endpoint_auth_method",
    ),
    CheckConstraint(
        "(kind = 'document') = (fresh_until IS NOT NULL AND stale_until IS NOT NULL)", name="documents_have_a_life"
    ),
    Index(None, "last_used_at"),
)

# The hash of each client assertion's id until it expires, so that it can be used only once.
client_assertions = Table(
    "client_assertions",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("jti_hash", LargeBinary, primary_key=True),
    Column("expires_at", Moment, nullable=False),
    Index(None, "expires_at"),
)

authorization_requests = Table(
    "authorization_requests",
    metadata,
    Column("id", Uuid, primary_key=True),
    # SHA-256 of the browser cookie that this request belongs to.
    Column("browser_hash", LargeBinary, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("state", Text),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("resource", Text, nullable=False),
    Column("code_challenge", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    # What it was used for: it goes on under another id, or it was answered. Neither: newer ones took its place.
    Column("moved_to", Uuid),
    Column("answer", Text),
    CheckConstraint("answer IN ('approved', 'denied')", name="answer"),
    CheckConstraint(
        "(moved_to IS NULL OR answer IS NULL) AND (answer IS NULL OR used_at IS NOT NULL)",
        name="outcome",
    ),
    Index(None, "browser_hash"),
    Index(None, "expires_at"),
)

upstream_sign_ins = Table(
    "upstream_sign_ins",
    metadata,
    # SHA-256 of the `state` that the browser brings back.
    Column("state_hash", LargeBinary, primary_key=True),
    # Where it leads: to a pending request, or, in the browser with this cookie's hash, to a page of this service.
    Column("request_id", Uuid, ForeignKey("authorization_requests.id", ondelete="CASCADE")),
    Column("browser_hash", LargeBinary),
    Column("path", Text),
    # The provider that was asked; only its response counts.
    Column("issuer", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("used_at", Moment),
    CheckConstraint(
        "(request_id IS NULL) = (browser_hash IS NOT NULL) AND (request_id IS NULL) = (path IS NOT NULL)",
        name="destination",
    ),
    Index(None, "request_id"),
    Index(None, "created_at", postgresql_where=sql("request_id IS NULL")),
)

grants = Table(
    "grants",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    # No foreign key: the grant outlives a purged registration; `client` is a snapshot of who was approved.
    Column("client_id", Text, nullable=False),
    Column("client", JSONB, nullable=False),
    # The client's issuer; NULL for this server. Two issuers may use one client id for different clients.
    Column("issuer", Text),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("resource", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("revoked_at", Moment),
    Column("revoked_because", Text),
    # When, and from which network, its refresh token was first seen in two hands.
    Column("contested_at", Moment),
    Column("contested_from", Text),
    CheckConstraint("kind IN ('consent', 'key', 'external', 'service')", name="kind"),
    CheckConstraint("(kind = 'external') = (issuer IS NOT NULL)", name="issuer_of_external"),
    CheckConstraint("(revoked_at IS NULL) = (revoked_because IS NULL)", name="revocation_has_a_reason"),
    Index(None, "person_id", "client_id"),
    Index(None, "client_id"),
    Index(None, "expires_at"),
    # Revoked ones too: the issuer's next token must not undo a revocation.
    Index(
        "uq_grants_external",
        "person_id",
        "issuer",
        "client_id",
        unique=True,
        postgresql_where=sql("kind = 'external'"),
    ),
)

grant_households = Table(
    "grant_households",
    metadata,
    Column("grant_id", Uuid, ForeignKey("grants.id", ondelete="CASCADE"), primary_key=True),
    Column("household_id", Uuid, ForeignKey("households.id"), primary_key=True),
    Column("is_default", Boolean, nullable=False),
    Index(None, "household_id"),
    Index("uq_grant_households_default", "grant_id", unique=True, postgresql_where=sql("is_default")),
)

api_keys = Table(
    "api_keys",
    metadata,
    # SHA-256 of the key: a copy of this table gives no access.
    Column("key_hash", LargeBinary, primary_key=True),
    Column("grant_id", Uuid, ForeignKey("grants.id", ondelete="CASCADE"), nullable=False),
    Column("last_used_on", Date),
    # The network that its first use on that day came from.
    Column("last_used_from", Text),
    UniqueConstraint("grant_id"),
)

codes = Table(
    "codes",
    metadata,
    Column("code_hash", LargeBinary, primary_key=True),
    Column("grant_id", Uuid, ForeignKey("grants.id", ondelete="CASCADE"), nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("code_challenge", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("consumed_at", Moment),
    Index(None, "grant_id"),
    Index(None, "expires_at"),
)

refresh_families = Table(
    "refresh_families",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("grant_id", Uuid, ForeignKey("grants.id", ondelete="CASCADE"), nullable=False),
    Column("current_generation", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    # When its newest token was issued: the last sign of use.
    Column("used_at", Moment, nullable=False, server_default=sql("now()")),
    # The network that it was issued to.
    Column("used_from", Text),
    UniqueConstraint("grant_id"),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("family_id", Uuid, ForeignKey("refresh_families.id", ondelete="CASCADE"), primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("token_hash", LargeBinary, nullable=False),
    # With the presented token as key this derives the successor again, so the grace period never forks a family.
    Column("successor_nonce", LargeBinary),
    Column("created_at", Moment, nullable=False),
    Column("rotated_at", Moment),
    UniqueConstraint("family_id", "token_hash"),
)
