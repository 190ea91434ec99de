"""What a push says, by itself."""

import json
import secrets
from typing import Final
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.alerts.changes import AuthorsChanges, ListNews
from app.alerts.models import PushAddress
from app.alerts.push_sender import encrypted
from app.alerts.wording import MOST_LINES, push_message
from app.lists.history.summaries import in_short
from app.lists.models import ShoppingList
from app.ui.languages import LANGUAGES, Visit, during

LONG: Final = "𝕏" * 200
LONGEST: Final = AuthorsChanges(LONG, [in_short(LONG)] * 3, 3, 0)
"""Names of things come shortened from `read_news`."""


def news_of(*authors: AuthorsChanges) -> ListNews:
    return ListNews(ShoppingList(UUID(int=1), 1, LONG, 0), authors)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", [1, MOST_LINES, MOST_LINES + 1])
def test_the_longest_message_is_one_that_every_push_service_takes(language: str, number: int) -> None:
    news = news_of(*[LONGEST] * number)
    with during(Visit(language)):
        message = push_message(news, "h" * 26, "/" + "p" * 100, without_text=False)
    key = (
        ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    )
    address = PushAddress("https://push.example", key, secrets.token_bytes(16))
    sent = encrypted(address, json.dumps({**message, "tag": "t" * 32}, ensure_ascii=False).encode())
    assert len(sent) <= 4096, "RFC 8030 section 7.2"
    assert LONG[:59] in message["body"].splitlines()[0]


def test_who_is_left_out_for_want_of_room_is_said_to_be() -> None:
    with during(Visit("en")):
        few = push_message(news_of(*[AuthorsChanges("Ada", ["tea"], 1, 0)] * MOST_LINES), "h1", "", without_text=False)
        long = push_message(news_of(*[LONGEST] * MOST_LINES), "h1", "", without_text=False)
    assert few["body"].splitlines() == ["Ada added tea"] * MOST_LINES
    assert len(long["body"].splitlines()) == 3
    assert long["body"].splitlines()[-1] == "… and others"
