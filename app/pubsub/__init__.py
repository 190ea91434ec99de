"""Tell every process what changed. A notification carries no data: its receiver reads again."""

from app.pubsub.notifications import GrantEnded, ListChanged, ListingChanged, MembersChanged, Notification, Refetch
from app.pubsub.pubsub import PubSub

__all__ = [
    "GrantEnded",
    "ListChanged",
    "ListingChanged",
    "MembersChanged",
    "Notification",
    "PubSub",
    "Refetch",
]
