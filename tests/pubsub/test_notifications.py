"""Payloads: what fits, and what is accepted."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.pubsub import GrantEnded, ListChanged, MembersChanged, Notification, Refetch
from app.pubsub.notifications import LONGEST_PAYLOAD, payloads_of, read_payload

ORIGIN = UUID(int=7)
LARGEST_REV = 2**63 - 1


def test_every_kind_of_notification_survives_the_round_trip() -> None:
    notifications: list[Notification] = [
        ListChanged(uuid4(), uuid4(), 7),
        ListChanged(uuid4(), uuid4(), 7, itself=True),
        GrantEnded(uuid4()),
        MembersChanged(uuid4()),
        Refetch(),
    ]
    (payload,) = payloads_of(ORIGIN, notifications)
    message = read_payload(payload)
    assert message is not None
    assert message.origin == ORIGIN
    assert message.cues == notifications


@pytest.mark.parametrize("number", [0, 1, 39, 40, 41, 1000])
def test_many_notifications_are_split_into_payloads_that_postgres_accepts(number: int) -> None:
    notifications = [ListChanged(uuid4(), uuid4(), LARGEST_REV, number % 2 == 0) for _ in range(number)]
    payloads = payloads_of(ORIGIN, notifications)
    assert all(len(payload.encode()) <= LONGEST_PAYLOAD for payload in payloads)
    messages = [read_payload(payload) for payload in payloads]
    assert [each for message in messages if message is not None for each in message.cues] == notifications


def notification(**changes: Any) -> dict[str, Any]:
    return {"kind": "list", "household_id": str(ORIGIN), "list_id": str(ORIGIN), "rev": 1, **changes}


GOOD = {"origin": str(ORIGIN), "cues": [notification()]}


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
        json.dumps({**GOOD, "cues": [notification(kind="drop table")]}),
        json.dumps({**GOOD, "cues": [notification(rev="1")]}),
        json.dumps({**GOOD, "cues": [notification(rev=-1)]}),
        json.dumps({**GOOD, "cues": [notification(rev=2**63)]}),
        json.dumps({**GOOD, "cues": [notification(rev=1.5)]}),
        json.dumps({**GOOD, "cues": [notification(list_id="L1")]}),
        json.dumps({**GOOD, "cues": [notification(list_id=None)]}),
        json.dumps({**GOOD, "cues": [notification(itself="yes")]}),
        json.dumps({**GOOD, "cues": [notification(uri="shopping://x")]}),
        json.dumps({**GOOD, "cues": [{"household_id": str(UUID(int=1))}]}),
        json.dumps({**GOOD, "cues": [notification() for _ in range(41)]}),
    ],
)
def test_any_other_payload_is_ignored(payload: str) -> None:
    assert read_payload(payload) is None
