"""Report progress on stderr."""

import sys
import time


class Progress:
    """Counts steps, and estimates from those that are done how long the rest will take."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._done = 0
        self._began = time.monotonic()

    def step(self, text: str) -> None:
        """Report that one more step is done."""
        self._done += 1
        left = (time.monotonic() - self._began) / self._done * (self._steps - self._done)
        minutes, seconds = divmod(round(left), 60)
        print(f"{self._done}/{self._steps}, {minutes}:{seconds:02} left  {text}", file=sys.stderr)
