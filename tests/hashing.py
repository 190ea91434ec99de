"""Argon2id with the cheapest parameters that it takes, for tests that are not about what a guess costs."""

from argon2 import PasswordHasher


class CheapHasher(PasswordHasher):
    """A hash takes a tenth of a millisecond; the service's takes twenty (tests/people/test_passwords.py)."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
