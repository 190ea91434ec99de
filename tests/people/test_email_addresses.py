"""E-mail addresses as login names."""

import pytest

from app.errors import Invalid
from app.people.email_addresses import parse_email


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("anna@example.org", "anna@example.org"),
        ("  Anna@Example.ORG ", "anna@example.org"),
        ("jörg@example.org", "jörg@example.org"),
        ("jo\u0308rg@example.org", "jörg@example.org"),
        ("anna@BÜCHER.example.org", "anna@bücher.example.org"),
        ("anna@xn--bcher-kva.example.org", "anna@bücher.example.org"),
        ("anna+shop@example.org", "anna+shop@example.org"),
    ],
)
def test_the_ways_to_write_one_address_share_a_key(typed: str, key: str) -> None:
    assert parse_email(typed).key == key


def test_accents_make_another_mailbox() -> None:
    assert parse_email("jörg@example.org").key != parse_email("jorg@example.org").key


@pytest.mark.parametrize(
    "typed",
    ["", "anna", "anna@", "@example.org", "anna@example", "a b@example.org", "anna@exa mple.org", "a\0@example.org"]
    + ["\ud800@example.org", "anna@example.org\r\nBcc: b@example.org", f"{'a' * 300}@example.org", "anna@[127.0.0.1]"],
)
def test_a_malformed_address_is_refused_by_name(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_email(typed)
    assert refused.value.field == "email"
