"""Cues: what changed, told to every replica. A cue carries no data; whoever hears one reads again."""

from app.pubsub.notifications import GrantEnded, ListChanged, MembersChanged, Notification, Refetch
from app.pubsub.pubsub import PubSub

__all__ = ["GrantEnded", "ListChanged", "MembersChanged", "Notification", "PubSub", "Refetch"]
