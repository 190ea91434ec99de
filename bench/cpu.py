"""CPU time of a program, including all its processes."""

import psutil


def cpu_seconds(pid: int) -> float:
    """Return the CPU time used so far by a process, its running descendants, and its children that have ended."""
    root = psutil.Process(pid)
    times = root.cpu_times()
    ended = times.children_user + times.children_system
    return times.user + times.system + ended + sum(_own(child) for child in root.children(recursive=True))


def _own(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0  # counted by its parent from now on
    return times.user + times.system
