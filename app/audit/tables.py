"""The audit record and its chain: global tables without foreign keys, because the record outlives what it names."""

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Index, Integer, LargeBinary, Table, Text, Uuid
from sqlalchemy import text as sql

from app.db import metadata

audit_events = Table(
    "audit_events",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("action", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("person_id", Uuid),
    Column("other_person_id", Uuid),
    Column("client_id", Text),
    Column("grant_id", Uuid),
    Column("household_id", Uuid),
    Column("tool", Text),
    Column("detail", Text),
    Column("address", Text),
    Column("email_hash", Text),
    Column("duration_ms", Integer),
    Column("touched", Integer),
    Column("times", Integer, nullable=False),
    # Number and MAC, given by the chainer in the order in which it finds rows; the service may update no other column.
    Column("seal_no", BigInteger),
    Column("seal", LargeBinary),
    CheckConstraint("(seal_no IS NULL) = (seal IS NULL)", name="seal_has_a_number"),
    Index("uq_audit_events_seal_no", "seal_no", unique=True, postgresql_where=sql("seal_no IS NOT NULL")),
    Index("ix_audit_events_unsealed", "at", "id", postgresql_where=sql("seal_no IS NULL")),
)

audit_chain = Table(
    "audit_chain",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sealed_key", LargeBinary, nullable=False),
    # The anchor is the last entry that was deleted for its age; the chain goes on from there to the head.
    Column("anchor_no", BigInteger, nullable=False),
    Column("anchor_seal", LargeBinary, nullable=False),
    Column("head_no", BigInteger, nullable=False),
    Column("head_seal", LargeBinary, nullable=False),
    Column("mac", LargeBinary, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)
