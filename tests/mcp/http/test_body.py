"""Reading a request's body within bounds."""

import json

import anyio
import pytest
from starlette.types import Message

from app.mcp.http import body
from app.mcp.http.body import parse_json, read_body
from app.mcp.http.refusals import RequestRefused

pytestmark = pytest.mark.anyio


@pytest.mark.proves("li-body")
async def test_a_body_that_never_ends_is_refused_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "BODY_SECONDS", 0.01)

    async def receive() -> Message:
        await anyio.sleep_forever()
        raise AssertionError

    with pytest.raises(RequestRefused) as refusal:
        await read_body(receive)
    assert refusal.value.response.status_code == 408


async def test_a_client_that_disconnects_leaves_no_body() -> None:
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
    with pytest.raises(RequestRefused) as refusal:
        parse_json(text.encode())
    message = json.loads(bytes(refusal.value.response.body))["error"]["message"]
    assert message.startswith(f"{place} holds a lone surrogate")


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert parse_json(rb'"\ud83e\udd5b"') == "🥛"
