"""Reading a request's body within bounds."""

import anyio
import pytest
from starlette.types import Message

from app.mcp.http import body
from app.mcp.http.body import BodyTooSlow, NotJson, parse_json, read_body

pytestmark = pytest.mark.anyio


@pytest.mark.proves("li-body")
async def test_a_body_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "BODY_SECONDS", 0.01)

    async def receive() -> Message:
        await anyio.sleep_forever()
        raise AssertionError

    with pytest.raises(BodyTooSlow):
        await read_body(receive)


async def test_a_sender_who_went_away_leaves_no_body() -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    assert await read_body(receive) is None


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (r'"\ud800"', "The body"),
        (r'{"a":{"b":["x","\udc00"]}}', "a.b[1]"),
        (r'{"a":{"\ud800":1}}', "a[a key]"),
        (r'{"\ud800":1}', "[a key]"),
        (f'{{"{"k" * 1000}":["\\ud800"]}}', f"{'k' * 80}[0]"),
        (r'[{"a":"\ud800"}]', "[0].a"),
    ],
)
def test_a_lone_surrogate_is_named_by_its_place(text: str, place: str) -> None:
    with pytest.raises(NotJson, match="surrogate") as error:
        parse_json(text.encode())
    assert str(error.value).startswith(f"{place} holds")


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert parse_json(rb'"\ud83e\udd5b"') == "🥛"
