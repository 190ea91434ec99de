"""Hashing of passwords."""

from typing import Literal

import anyio
import pytest
from argon2 import extract_parameters
from argon2.low_level import Type

from app.errors import Invalid, Unavailable
from app.limits.defaults import PASSWORD_QUEUE, PASSWORDS_OF_NETWORK
from app.people.passwords import PasswordHashing, check_given_password, check_new_password
from app.runtime.addresses import SITE_SHARE
from tests.hashing import CheapHasher

pytestmark = pytest.mark.anyio


class CountingHasher(CheapHasher):
    """Counts how often it verifies."""

    def __init__(self) -> None:
        super().__init__()
        self.verified = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self.verified += 1
        return super().verify(hash, password)


@pytest.mark.parametrize("password", ["x" * 8, "x" * 1024, "пароль пароль", "  spaces  ", "🔑🔑🔑🔑🔑🔑🔑🔑"])
def test_eight_to_1024_characters_of_any_script_are_a_password(password: str) -> None:
    check_new_password(password)


@pytest.mark.parametrize("password", ["", "x" * 7, "x" * 1025, "x" * 8 + "\0", "x" * 8 + "\udfff"])
def test_other_passwords_are_refused_by_name(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_new_password(password)
    assert refused.value.field == "password"


def test_a_short_password_may_be_tried() -> None:
    check_given_password("x")


@pytest.mark.proves("""ac-slow-hash MUST OWASP
    Passwords are hashed slowly, and with bounded memory.
    Here: argon2id with 19 MiB, two at once, 32 waiting, six of one network address, then 503.""")
async def test_hashes_are_argon2id_with_19_mebibytes() -> None:
    parameters = extract_parameters(await PasswordHashing().hash("a password"))
    assert (parameters.type, parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (
        Type.ID,
        19 * 1024,
        2,
        1,
    )


async def test_the_right_password_verifies_and_others_do_not() -> None:
    hashing = PasswordHashing(CountingHasher())
    stored = await hashing.hash("correct horse")
    assert await hashing.verify("correct horse", stored, None)
    assert not await hashing.verify("correct  horse", stored, None)
    assert not await hashing.verify("correct horse", "damaged", None)


async def test_an_unknown_account_costs_the_same_work_and_never_verifies() -> None:
    hasher = CountingHasher()
    hashing = PasswordHashing(hasher)
    assert not await hashing.verify("nobody has this password", None, None)
    assert hasher.verified == 1


async def test_a_hash_with_other_parameters_is_outdated() -> None:
    old = await PasswordHashing(CountingHasher()).hash("correct horse")
    today = PasswordHashing()
    assert today.is_outdated(old)
    assert not today.is_outdated(await today.hash("correct horse"))


@pytest.mark.proves("ac-slow-hash")
async def test_a_full_queue_answers_unavailable_and_empties_again() -> None:
    hashing = PasswordHashing(places=3)
    refused: list[Unavailable] = []

    async def hash_one() -> None:
        try:
            await hashing.hash("correct horse")
        except Unavailable as error:
            refused.append(error)

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(hash_one)
    assert len(refused) == 2  # two at once and one waiting found room
    assert refused[0].retry_after
    assert await hashing.hash("correct horse")


@pytest.mark.proves("ac-slow-hash")
@pytest.mark.parametrize(
    ("address", "times"), [("192.0.2.1", 1), ("2001:db8:1:{}::1", SITE_SHARE)], ids=["ipv4", "/48"]
)
async def test_one_network_leaves_room_in_the_queue_to_others(address: str, times: int) -> None:
    hashing = PasswordHashing(CountingHasher())
    refused: list[Unavailable] = []

    async def hash_one(requester: str) -> None:
        try:
            await hashing.hash("correct horse", requester)
        except Unavailable as error:
            refused.append(error)

    async with anyio.create_task_group() as tasks:
        for number in range(PASSWORD_QUEUE.at_once):
            tasks.start_soon(hash_one, address.format(number % 16))
        tasks.start_soon(hash_one, "198.51.100.1")
    assert len(refused) == PASSWORD_QUEUE.at_once - PASSWORDS_OF_NETWORK.at_once * times
