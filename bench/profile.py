"""Where the CPU time of a request goes, sampled by py-spy, which comes with bench/requirements.txt."""

import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.servers import ROOT

SAMPLES_A_SECOND: Final = 200
MOST_ROWS: Final = 40
STOP_SECONDS: Final = 60
FRAME: Final = re.compile(r"(?P<function>.+) \((?P<file>[^()]+?)(?::\d+)?\)$")
SITE_PACKAGES: Final = re.compile(r".*/site-packages/([^/.]+)")
STANDARD_LIBRARY: Final = re.compile(r".*/lib/python[\d.]+/(.+)")


class NoProfiler(Exception):
    """The profiler can't work here; the argument says why."""


def profiler() -> str:
    """Return the profiler's path. Raises `NoProfiler` when it is not installed."""
    path = Path(sys.executable).with_name("py-spy")
    if not path.exists():
        raise NoProfiler("py-spy is not installed; `make bench` installs it")
    return str(path)


@contextmanager
def sampling(pid: int, file: Path) -> Generator[None]:
    """Sample a process while the block runs, and write its stacks to `file`. Raises `NoProfiler` if that fails."""
    command = [profiler(), "record", "--pid", str(pid), "--format", "raw", "--full-filenames"]
    command += ["--rate", str(SAMPLES_A_SECOND), "--output", str(file)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as spy:
        try:
            yield
        finally:
            spy.send_signal(signal.SIGINT)  # it writes the file then
            words, _ = spy.communicate(timeout=STOP_SECONDS)
    if not file.exists() or not file.stat().st_size:
        raise NoProfiler(f"py-spy recorded nothing: {words.decode(errors='replace').strip()[-300:]}")


def shares(stacks: str, part_of: Callable[[Sequence[str]], str]) -> dict[str, float]:
    """Return the share of the samples that each part has, largest first; `stacks` is what py-spy wrote."""
    counted: Counter[str] = Counter()
    for line in stacks.splitlines():
        stack, _, number = line.rpartition(" ")
        counted[part_of(stack.split(";"))] += int(number)
    total = counted.total()
    return {part: number / total for part, number in counted.most_common()}


def innermost_of_ours(stack: Sequence[str]) -> str:
    """Return the innermost function of the service in a stack, else the innermost library."""
    for frame in reversed(stack):
        found = FRAME.fullmatch(frame)
        if found is not None and found["file"].startswith(f"{ROOT}/app/"):
            return f"{found['file'].removeprefix(f'{ROOT}/')}: {found['function']}"
    return library(stack)


def library(stack: Sequence[str]) -> str:
    """Return where the code that ran comes from: the package in app/, a library, or a module of Python's own."""
    # Frames of compiled extensions may name no file; their caller does.
    file = next((found["file"] for frame in reversed(stack) if (found := FRAME.fullmatch(frame)) is not None), "")
    if file.startswith(f"{ROOT}/app/"):
        return "app/" + file.removeprefix(f"{ROOT}/app/").split("/")[0]
    if (packages := SITE_PACKAGES.match(file)) is not None:
        return packages[1]
    standard = STANDARD_LIBRARY.match(file)
    return f"Python: {standard[1] if standard is not None else file.strip('<>') or 'generated'}"


def render_profile(title: str, cpu: float, stacks: str) -> str:
    """Return a profile as Markdown; `cpu` is the CPU time of a request in microseconds."""
    samples = sum(int(line.rpartition(" ")[2]) for line in stacks.splitlines())
    parts = [f"## {title}", f"{samples:,} samples; {cpu:,.0f} µs of CPU a request."]
    for heading, part_of in (("code that ran", library), ("innermost function of the service", innermost_of_ours)):
        rows = [
            f"| `{part}` | {share * 100:.1f} | {share * cpu:,.0f} |"
            for part, share in [*shares(stacks, part_of).items()][:MOST_ROWS]
        ]
        parts.append("\n".join([f"| {heading} | % | µs |", "| --- | ---: | ---: |", *rows]))
    return "\n\n".join(parts)
