"""How often what strangers name is fetched."""

from uuid import uuid4

import pytest

from app.limits.counters import Counters
from app.oauth.limits import PerMinute, limits_of

pytestmark = pytest.mark.anyio

PER_MINUTE = PerMinute()


@pytest.mark.proves("ci-after-sign-in")
@pytest.mark.parametrize(
    ("people", "networks", "most"),
    [
        (1, 20, PER_MINUTE.documents_of_person),
        (20, 1, PER_MINUTE.documents_for_requester_at_host),
        (2, 2, 2 * PER_MINUTE.documents_of_person),
    ],
)
async def test_a_few_people_and_networks_leave_others_their_new_documents_at_a_host(
    people: int, networks: int, most: int
) -> None:
    limits = limits_of(PER_MINUTE, Counters(), enabled=True).documents
    ids = [uuid4() for _ in range(people)]

    async def waits(number: int) -> int | None:
        person, network = ids[number % people], f"192.0.2.{number % networks}"
        return await limits.hit(f"https://vendor.example/{number}", network, person, known=False)

    assert [await waits(number) for number in range(40)].count(None) == most
    assert await limits.hit("https://vendor.example/another", "198.51.100.1", uuid4(), known=False) is None


async def test_a_host_has_a_limit_for_all_who_ask() -> None:
    limits = limits_of(PerMinute(documents_of_host=2), Counters(), enabled=True).documents
    found = [
        await limits.hit(f"https://vendor.example/{number}", f"192.0.2.{number}", uuid4(), known=False)
        for number in range(3)
    ]
    assert found[:2] == [None, None]
    assert found[2]
