"""The table of events: one row for each recorded change to a household's data, a tenant table."""

from sqlalchemy import BigInteger, Column, DateTime, ForeignKeyConstraint, Index, Integer, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from app.db import metadata

events = Table(
    "events",
    metadata,
    Column("household_id", Uuid, primary_key=True),
    Column("no", Integer, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("person_id", Uuid, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("grant_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("list_id", Uuid),
    Column("rev", BigInteger, nullable=False),
    Column("changes", JSONB, nullable=False),
    Column("undone_by", Integer),
    Column("idem_key", Text),
    Column("args_hash", Text),
    Column("answer", JSONB),
    ForeignKeyConstraint(["household_id"], ["households.id"]),
    Index(
        "uq_events_household_id_grant_id_idem_key",
        "household_id",
        "grant_id",
        "idem_key",
        unique=True,
        postgresql_where=text("idem_key IS NOT NULL"),
    ),
)
