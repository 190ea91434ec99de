"""Cues: what changed, told to every replica. A cue carries no data; whoever hears one reads again."""

from app.cues.bus import CueBus
from app.cues.cue import Cue, GrantEnded, ListChanged, MembersChanged, Refetch

__all__ = ["Cue", "CueBus", "GrantEnded", "ListChanged", "MembersChanged", "Refetch"]
