"""The figures of a run, the input of the tables, the document and the plots."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from bench.load import Measured

Round = dict[str, Measured]
"""What was measured for each candidate of a scenario in one round, by its name."""


class Machine(BaseModel):
    """The machine that was measured, without names or places."""

    date: str
    cores: int
    python: str
    postgres: str
    peers: Mapping[str, str]
    """The versions of the peers that took part."""


class Resident(BaseModel):
    """The memory of the largest process of the service, in MiB, after a number of requests."""

    requests: int
    mebibytes: float


class Figures(BaseModel):
    """All figures of a run; a part that was left out is empty."""

    machine: Machine
    rounds: int
    seconds: float
    left_out: Sequence[str]
    loads: dict[str, list[Round]]
    """The rounds by the title of their scenario."""
    memory: Sequence[Resident]
    starts: Sequence[float]
    """Seconds from `make run` to the first answer."""
