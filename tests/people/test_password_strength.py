"""Which passwords are too easy to guess."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.errors import Invalid
from app.people.password_strength import check_strength

WEAK = ["password1", "qwertyuiop", "aaaaaaaaaaaa", "abcabcabcabc", "Passw0rd!2024", "1986-04-26", "shopping list"]
STRONG = ["correct horse battery", "x7Kq9Zr2b", "пароль пароль", "🔑🧀🍞🥛🍎🥕🧅🥔🍋", "x7Kq9Zr2b" * 100]


@pytest.mark.proves("""ac-strength SHOULD own rule
    Weak passwords are refused.
    Here: zxcvbn refuses what is easy to guess, with what is known of the person.""")
@pytest.mark.parametrize("password", WEAK)
def test_common_passwords_are_refused_by_name(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_strength(password, [])
    assert refused.value.field == "password"
    assert password not in refused.value.message


@pytest.mark.parametrize("password", STRONG)
def test_a_password_that_is_hard_to_guess_is_accepted(password: str) -> None:
    check_strength(password, ["Anna", "anna@example.org"])


@pytest.mark.proves("ac-strength")
@pytest.mark.parametrize(
    "password", ["wilhelmine.oyx", "oyxelhammer", "Wilhelmine Oyx", "wilhelmine.oyx@oyxelhammer.example"]
)
def test_personal_words_do_not_make_a_password_stronger(password: str) -> None:
    personal = ["wilhelmine.oyx@oyxelhammer.example", "Wilhelmine Oyx"]
    with pytest.raises(Invalid):
        check_strength(password, personal)


def test_passwords_of_several_people_at_once_are_not_mixed_up() -> None:
    def is_refused(number: int) -> bool:
        mine, others = f"zyqwort{number}vlkfub", f"zyqwort{number + 1000}vlkfub"
        check_strength(others, [mine])
        try:
            check_strength(mine, [mine])
        except Invalid:
            return True
        return False

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(is_refused, range(40)))


def test_a_long_password_is_scored_by_its_beginning() -> None:
    with pytest.raises(Invalid):
        check_strength("a" * 72 + "xqvKqwZrhb", [])
    check_strength("xqvKqwZrhb" + "a" * 1000, [])


def test_less_of_a_password_with_many_kinds_of_symbols_is_scored() -> None:
    """The estimate tries every letter that they may stand for, which would take seconds."""
    check_strength("a" * 24 + "17!|+(" + "xqvKqwZrhb", [])
    with pytest.raises(Invalid):
        check_strength("a" * 24 + "17!|+($" + "xqvKqwZrhb", [])


def test_an_address_full_of_digits_is_known_to_its_end() -> None:
    email = "wilhelmine.0123456789@oyxelhammer.example"
    with pytest.raises(Invalid):
        check_strength(email, [email])
