"""How often what strangers name is fetched."""

from uuid import uuid4

import pytest

from app.limits.defaults import DOCUMENTS_FOR_NETWORK_AT_HOST, DOCUMENTS_FOR_PERSON, DOCUMENTS_OF_HOST
from app.limits.rate_limit import RateLimited, RateLimiter
from app.oauth.clients.fetch_limits import DOCUMENTS, FetchLimits

pytestmark = pytest.mark.anyio


@pytest.mark.proves("ci-after-sign-in")
@pytest.mark.parametrize(
    ("people", "networks", "most"),
    [
        (1, 20, DOCUMENTS_FOR_PERSON.per.amount),
        (20, 1, DOCUMENTS_FOR_NETWORK_AT_HOST.per.amount),
        (2, 2, 2 * DOCUMENTS_FOR_PERSON.per.amount),
    ],
)
async def test_a_few_people_and_networks_leave_others_their_new_documents_at_a_host(
    people: int, networks: int, most: int
) -> None:
    limits = FetchLimits(RateLimiter(), DOCUMENTS)
    ids = [uuid4() for _ in range(people)]
    fetched = 0
    for number in range(40):
        person, network = ids[number % people], f"192.0.2.{number % networks}"
        try:
            await limits.check(f"https://vendor.example/{number}", network, person, known=False)
            fetched += 1
        except RateLimited:
            pass
    assert fetched == most
    await limits.check("https://vendor.example/another", "198.51.100.1", uuid4(), known=False)


async def test_a_host_has_a_limit_for_all_who_ask() -> None:
    limits = FetchLimits(RateLimiter(rates={DOCUMENTS_OF_HOST: 2}), DOCUMENTS)
    for number in range(2):
        await limits.check(f"https://vendor.example/{number}", f"192.0.2.{number}", uuid4(), known=False)
    with pytest.raises(RateLimited):
        await limits.check("https://vendor.example/2", "192.0.2.2", uuid4(), known=False)
    await limits.check("https://vendor.example/0", "192.0.2.2", uuid4(), known=True)
