"""Telling the running service what a command has changed."""

from collections.abc import Iterable
from uuid import UUID

from app.config import Settings
from app.cues import CueBus


async def tell_ended(settings: Settings, grant_ids: Iterable[UUID]) -> None:
    """Tell every process that these grants ended, so that their calls and streams end at once.

    A process that is not reached notices by itself: for calls within two seconds.
    """
    if settings.database_url is None:
        raise TypeError("a command that changed something had a database")
    cues = CueBus(settings.database_url.get_secret_value())
    async with cues.running():
        for grant_id in grant_ids:
            cues.grant_ended(grant_id)
