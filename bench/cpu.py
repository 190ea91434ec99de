"""CPU time of a program with all its processes."""

import psutil


def cpu_seconds(pid: int) -> float:
    """What the process, its living descendants, and those of its children that have ended used so far."""
    root = psutil.Process(pid)
    times = root.cpu_times()
    ended = times.children_user + times.children_system
    return times.user + times.system + ended + sum(_own(child) for child in root.children(recursive=True))


def _own(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0  # its parent counts it from here on
    return times.user + times.system
