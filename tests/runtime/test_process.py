"""What a process is allowed."""

import subprocess
import sys

import pytest

_RAISE = """
import resource
import sys
from app.runtime.process import raise_descriptor_limit

resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
print(raise_descriptor_limit(6000), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(
    ("soft", "hard", "allowed"),
    [(256, 8000, "6000 6000 8000"), (256, 1000, "1000 1000 1000"), (7000, 8000, "6000 7000 8000")],
    ids=["as many as wanted", "as many as the system lets it", "never fewer than before"],
)
def test_the_limit_of_descriptors_is_raised(soft: int, hard: int, allowed: str) -> None:
    command = [sys.executable, "-c", _RAISE, str(soft), str(hard)]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip() == allowed
