"""How long somebody has to wait, as people say it."""

import math


def wait_in_words(seconds: int) -> str:
    """When to come again, to stand behind "Try again": in a few seconds, in a minute, in 15 minutes, in an hour."""
    minutes = math.ceil(seconds / 60)
    if seconds <= 10:
        return "in a few seconds"
    if minutes == 1:
        return "in a minute"
    return f"in {minutes} minutes" if minutes < 60 else "in an hour"
