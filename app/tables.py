"""Every table of the service in one MetaData, for migrations and for the tests of the schema."""

from app.alerts import tables as alerts
from app.audit import tables as audit
from app.db import metadata
from app.households import tables as households
from app.lists import tables as lists
from app.lists.history import tables as activity
from app.lists.pantry import tables as pantry
from app.oauth import tables as oauth
from app.people import tables as people
from app.recipes import tables as recipes

__all__ = ["activity", "alerts", "audit", "households", "lists", "metadata", "oauth", "pantry", "people", "recipes"]
