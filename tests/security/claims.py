"""The claims of docs/security.csv: what a standard asks, what we do, and which tests prove it."""

import csv
from dataclasses import dataclass
from typing import Final, Literal

from tests.documents import ROOT

SOURCE: Final = ROOT / "docs" / "security.csv"

Lane = Literal["fast", "slow"]
_STATES: Final[dict[str, Literal["different", "open"]]] = {"DEVIATION": "different", "Not yet": "open"}


@dataclass(frozen=True, slots=True)
class Claim:
    """A row; `tests` are pytest's ids without parameters, all of one lane.

    `what_we_do` begins with `DEVIATION:` where we don't do what is asked, and mean it, and with `Not yet:` where we
    should.
    """

    id: str
    source: str
    level: Literal["MUST", "SHOULD"]
    requirement: str
    what_we_do: str
    tests: tuple[str, ...]
    lane: Lane

    @property
    def state(self) -> Literal["met", "different", "open"]:
        """Whether the requirement is met."""
        return _STATES.get(self.what_we_do.partition(":")[0], "met")

    @property
    def words(self) -> str:
        """What we do, without the word that says the state."""
        return self.what_we_do if self.state == "met" else self.what_we_do.partition(": ")[2]


def read_claims() -> list[Claim]:
    """Every row, in the order of the file."""
    with SOURCE.open(encoding="utf-8", newline="") as file:
        return [_claim(row) for row in csv.DictReader(file)]


def proving_tests(lane: Lane) -> set[str]:
    """The tests of one lane that prove a claim."""
    return {test for claim in read_claims() if claim.lane == lane for test in claim.tests}


def _claim(row: dict[str, str]) -> Claim:
    if row["level"] not in ("MUST", "SHOULD") or row["lane"] not in ("fast", "slow"):
        raise ValueError(f"{row['id']}: a level is MUST or SHOULD, a lane fast or slow")
    return Claim(
        id=row["id"],
        source=row["source"],
        level=row["level"],
        requirement=row["requirement"],
        what_we_do=row["what_we_do"],
        tests=tuple(row["tests"].split()),
        lane=row["lane"],
    )
