"""Telling how far it is, on stderr."""

import sys
import time


class Progress:
    """Counts steps, and tells from those that are done how long the others will take."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._done = 0
        self._began = time.monotonic()

    def step(self, what: str) -> None:
        """One more is done."""
        self._done += 1
        left = (time.monotonic() - self._began) / self._done * (self._steps - self._done)
        minutes, seconds = divmod(round(left), 60)
        print(f"{self._done}/{self._steps}, {minutes}:{seconds:02} left  {what}", file=sys.stderr)
