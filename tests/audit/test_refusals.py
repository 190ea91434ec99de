"""Refusals: a row each while they are few, a number when they are many."""

from collections import Counter
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from app.audit.models import Action, AuditEntry
from app.audit.refusals import COUNTED, MOST_COUNTED, Refusals
from app.limits.defaults import RECORDED_REFUSALS, RECORDED_REFUSALS_OF_NETWORK
from app.runtime.addresses import SITE_SHARE, known_address
from tests.audit.conftest import NOW

EACH, EACH_PER_SOURCE = RECORDED_REFUSALS.per.amount, RECORDED_REFUSALS_OF_NETWORK.per.amount


def refusal(address: str | None = "192.0.2.1", **known: Any) -> AuditEntry:
    return AuditEntry(action=Action.ACCESS_REFUSED, at=NOW, outcome="invalid_token", address=address, **known)


def test_few_refusals_get_a_row_each_and_more_of_the_same_source_are_counted() -> None:
    refusals = Refusals()
    admitted = [refusals.admit(refusal(tool="x", client_id="claimed", email_hash="y")) for _ in range(25)]
    assert admitted == [True] * EACH_PER_SOURCE + [False] * (25 - EACH_PER_SOURCE)
    (row,) = refusals.take_counted(NOW)
    assert (row.times, row.address, row.outcome, row.detail) == (15, "192.0.2.1", "invalid_token", COUNTED)
    assert (row.client_id, row.tool, row.email_hash) == (None, None, None), "not true of all of them"
    assert refusals.take_counted(NOW) == []


def test_another_network_has_room_of_its_own() -> None:
    refusals = Refusals()
    for _ in range(EACH_PER_SOURCE):
        refusals.admit(refusal())
    assert not refusals.admit(refusal())
    assert refusals.admit(refusal("192.0.2.2"))


@pytest.mark.proves("""au-refusals MUST own rule
    Who makes many refusals hides no others.
    Here: Ten rows a minute for one network, grant and person; the rest is counted. Guesses at passwords have a budget
    of their own.""")
@pytest.mark.parametrize("shared", ["address", "person_id", "grant_id"])
def test_one_network_person_or_grant_has_ten_rows_whatever_else_it_changes(shared: str) -> None:
    refusals, same = Refusals(), uuid4()
    entries = [
        refusal(
            "192.0.2.1" if shared == "address" else f"192.0.2.{number}",
            person_id=same if shared == "person_id" else uuid4(),
            grant_id=same if shared == "grant_id" else uuid4(),
        )
        for number in range(2 * EACH_PER_SOURCE)
    ]
    assert sum(map(refusals.admit, entries)) == EACH_PER_SOURCE


@pytest.mark.proves("au-refusals")
@pytest.mark.parametrize("action", [Action.SIGN_IN, Action.PASSWORD_CHANGED, Action.PASSWORD_RESET])
def test_other_refusals_take_no_row_from_guesses_at_a_password(action: Action) -> None:
    refusals = Refusals()
    for number in range(EACH + 1):
        refusals.admit(refusal(f"10.0.{number // 250}.{number % 250}"))
    assert refusals.admit(replace(refusal("10.0.0.0"), action=action))


def test_a_network_of_ipv6_is_one_source() -> None:
    refusals = Refusals()
    for number in range(EACH_PER_SOURCE + 5):
        refusals.admit(refusal(f"2001:db8::{number:x}"))
    (row,) = refusals.take_counted(NOW)
    assert (row.times, row.address) == (5, "2001:db8::/64")
    many = [refusal(f"2001:db8:0:{number:x}::1") for number in range(1, 50)]
    assert sum(map(refusals.admit, many)) == EACH_PER_SOURCE * (SITE_SHARE - 1), "and so is the /48 around it"


def test_what_is_counted_of_a_grant_says_whose_it_is() -> None:
    refusals = Refusals()
    person_id, grant_id = uuid4(), uuid4()
    for _ in range(EACH_PER_SOURCE + 1):
        refusals.admit(refusal(person_id=person_id, client_id="app", grant_id=grant_id, detail="lists:write"))
    (row,) = refusals.take_counted(NOW)
    assert (row.person_id, row.client_id, row.grant_id, row.times) == (person_id, "app", grant_id, 1)


def test_a_flood_from_everywhere_makes_few_rows_and_loses_no_number() -> None:
    refusals = Refusals()
    flood = 5_000
    admitted = sum(refusals.admit(refusal(f"10.0.{number // 250}.{number % 250}")) for number in range(flood))
    assert admitted == EACH
    counted = refusals.take_counted(NOW)
    assert len(counted) == MOST_COUNTED + 1
    assert sum(row.times for row in counted) == flood - EACH
    assert Counter(row.address is None for row in counted) == {False: MOST_COUNTED, True: 1}


def test_only_what_is_an_address_is_recorded_as_one() -> None:
    assert known_address("2001:DB8:0::1") == "2001:db8::1"
    for host in (None, "unknown", "testclient", "a secret", "' OR 1=1"):
        assert known_address(host) is None
