"""Tell every process what changed. A notification carries no data: its receiver reads again."""

from app.pubsub.notifications import GrantEnded, ListChanged, MembersChanged, Notification, Refetch
from app.pubsub.pubsub import PubSub

__all__ = ["GrantEnded", "ListChanged", "MembersChanged", "Notification", "PubSub", "Refetch"]
