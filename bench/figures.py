"""The figures of a run, from which the tables, the document and the plots are made."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from bench.load import Measured

Round = dict[str, Measured]
"""What each candidate of a scenario did in one round, by its name."""


class Machine(BaseModel):
    """Where it was measured, without names or places."""

    date: str
    cores: int
    python: str
    postgres: str
    peers: Mapping[str, str]
    """Versions of the peers that took part."""


class Resident(BaseModel):
    """Memory of the largest process of the service, in MiB, after so many requests."""

    requests: int
    mebibytes: float


class Figures(BaseModel):
    """All of it; a part that was left out is empty."""

    machine: Machine
    rounds: int
    seconds: float
    left_out: Sequence[str]
    loads: dict[str, list[Round]]
    """Rounds by the title of their scenario."""
    memory: Sequence[Resident]
    starts: Sequence[float]
    """Seconds from `make run` to the first answer."""
