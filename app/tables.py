"""Every table of the service in one MetaData, for migrations and for the tests of the schema."""

from app.activity import tables as activity
from app.audit import tables as audit
from app.db import metadata
from app.households import tables as households
from app.lists import history_tables
from app.lists import tables as lists
from app.oauth import tables as oauth
from app.people import tables as people

__all__ = ["activity", "audit", "history_tables", "households", "lists", "metadata", "oauth", "people"]
