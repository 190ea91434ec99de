"""Garbage collection of a process that serves for weeks."""

import gc


def spare_what_stays() -> None:
    """Let the collector pass over all that is there now: modules, models and schemas live as long as the process.

    It walked through all of them again and again otherwise, which took a tenth of the CPU of a call. Call it once, when
    the application is made.
    """
    gc.collect()
    gc.freeze()
