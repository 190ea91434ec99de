"""Cues: what changed, told to every replica. A cue carries no data; whoever hears one reads again."""

from app.pubsub.notifications import Cue, GrantEnded, ListChanged, MembersChanged, Refetch
from app.pubsub.pubsub import CueBus

__all__ = ["Cue", "CueBus", "GrantEnded", "ListChanged", "MembersChanged", "Refetch"]
