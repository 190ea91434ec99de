"""Forms: fields within bounds, and the proof that a form is ours."""

import pytest
from pydantic import SecretStr
from starlette.requests import Request

from app.errors import Invalid
from app.ui.forms import MAX_FIELDS, CsrfProtection, parse_fields

GUARD = CsrfProtection(SecretStr("a secret key of the tests, long enough"), "https://lists.example.org")


def request_from(*origins: str) -> Request:
    return Request({"type": "http", "headers": [(b"origin", origin.encode()) for origin in origins]})


def test_a_token_is_valid_only_for_its_cookie_purpose_and_subject() -> None:
    token = GUARD.token("cookie", "consent", "1")
    ours = request_from("https://lists.example.org")
    assert GUARD.accepts(ours, "cookie", token, "consent", "1")
    assert not GUARD.accepts(ours, "other", token, "consent", "1")
    assert not GUARD.accepts(ours, "cookie", token, "sign-in", "1")
    assert not GUARD.accepts(ours, "cookie", token, "consent", "2")
    assert not GUARD.accepts(ours, "cookie", "", "consent", "1")
    assert not GUARD.accepts(ours, "cookie", "é", "consent", "1")


def test_parts_of_a_token_cannot_be_shifted_into_each_other() -> None:
    assert GUARD.token("ab", "c", "d") != GUARD.token("a", "bc", "d")


def test_another_key_makes_other_tokens() -> None:
    other = CsrfProtection(SecretStr("another secret key, just as long as that"), "https://lists.example.org")
    assert other.token("cookie", "consent", "1") != GUARD.token("cookie", "consent", "1")


@pytest.mark.parametrize(
    "origins",
    [
        ["https://evil.example"],
        ["null"],
        ["http://lists.example.org"],
        ["https://lists.example.org:8443"],
        ["https://lists.example.org.evil.example"],
        ["https://lists.example.org", "https://evil.example"],
    ],
)
def test_another_origin_is_refused_even_with_a_valid_token(origins: list[str]) -> None:
    token = GUARD.token("cookie", "consent", "1")
    assert not GUARD.accepts(request_from(*origins), "cookie", token, "consent", "1")


def test_a_script_without_origin_needs_the_token_only() -> None:
    assert GUARD.accepts(request_from(), "cookie", GUARD.token("cookie", "consent", "1"), "consent", "1")


def test_fields_are_decoded_as_browsers_encode_them() -> None:
    fields = parse_fields(b"a=1+2%20%C3%A9&b=&c=x&c=y")
    assert fields.one("a") == "1 2 é"
    assert fields.one("b") == ""
    assert fields.one("missing") == ""
    assert fields.all("c") == ["x", "y"]


@pytest.mark.parametrize(
    "body", [b"password=a&password=b", b"password=%00", b"password=%ED%A0%80", b"password=%FF", b"password=\xff"]
)
def test_broken_or_repeated_fields_are_refused_by_name(body: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        parse_fields(body).one("password")
    assert refused.value.field == "password"


def test_too_many_fields_are_refused() -> None:
    parse_fields(b"&".join([b"a=1"] * MAX_FIELDS))
    with pytest.raises(Invalid):
        parse_fields(b"&".join([b"a=1"] * (MAX_FIELDS + 1)))
