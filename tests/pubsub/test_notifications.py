"""Payloads: what fits, and what is believed."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.pubsub import GrantEnded, ListChanged, MembersChanged, Notification, Refetch
from app.pubsub.notifications import LONGEST_PAYLOAD, payloads_of, read_payload

ORIGIN = UUID(int=7)
LARGEST_REV = 2**63 - 1


def test_cues_of_every_kind_come_back_as_they_were() -> None:
    cues: list[Notification] = [
        ListChanged(uuid4(), uuid4(), 7),
        GrantEnded(uuid4()),
        MembersChanged(uuid4()),
        Refetch(),
    ]
    (payload,) = payloads_of(ORIGIN, cues)
    message = read_payload(payload)
    assert message is not None
    assert message.origin == ORIGIN
    assert message.cues == cues


@pytest.mark.parametrize("number", [0, 1, 39, 40, 41, 1000])
def test_many_cues_are_split_into_payloads_that_postgres_takes(number: int) -> None:
    cues = [ListChanged(uuid4(), uuid4(), LARGEST_REV) for _ in range(number)]
    payloads = payloads_of(ORIGIN, cues)
    assert all(len(payload.encode()) <= LONGEST_PAYLOAD for payload in payloads)
    messages = [read_payload(payload) for payload in payloads]
    assert [cue for message in messages if message is not None for cue in message.cues] == cues


def cue(**changes: Any) -> dict[str, Any]:
    return {"kind": "list", "household_id": str(ORIGIN), "list_id": str(ORIGIN), "rev": 1, **changes}


GOOD = {"origin": str(ORIGIN), "cues": [cue()]}


def test_a_payload_written_by_hand_is_read() -> None:
    assert read_payload(json.dumps(GOOD)) is not None


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "null",
        "[]",
        "not json",
        "[" * 5000,
        json.dumps({**GOOD, "more": 1}),
        json.dumps({"origin": str(ORIGIN)}),
        json.dumps({"cues": []}),
        json.dumps({**GOOD, "origin": "me"}),
        json.dumps({**GOOD, "cues": {}}),
        json.dumps({**GOOD, "cues": [cue(kind="drop table")]}),
        json.dumps({**GOOD, "cues": [cue(rev="1")]}),
        json.dumps({**GOOD, "cues": [cue(rev=-1)]}),
        json.dumps({**GOOD, "cues": [cue(rev=2**63)]}),
        json.dumps({**GOOD, "cues": [cue(rev=1.5)]}),
        json.dumps({**GOOD, "cues": [cue(list_id="L1")]}),
        json.dumps({**GOOD, "cues": [cue(list_id=None)]}),
        json.dumps({**GOOD, "cues": [cue(uri="shopping://x")]}),
        json.dumps({**GOOD, "cues": [{"household_id": str(UUID(int=1))}]}),
        json.dumps({**GOOD, "cues": [cue() for _ in range(41)]}),
    ],
)
def test_anything_else_is_not_believed(payload: str) -> None:
    assert read_payload(payload) is None
