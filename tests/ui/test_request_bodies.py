"""Reading a posted body whole, and in time."""

import anyio
import pytest
from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from app.errors import Invalid
from app.ui import forms
from app.ui.forms import read_whole_body

pytestmark = pytest.mark.anyio


async def never() -> Message:
    await anyio.sleep_forever()
    raise AssertionError


async def gone() -> Message:
    return {"type": "http.disconnect"}


@pytest.mark.proves("li-body")
@pytest.mark.parametrize("receive", [never, gone])
async def test_a_body_that_does_not_arrive_is_refused(receive: Receive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "BODY_SECONDS", 0.01)
    scope: Scope = {"type": "http", "method": "POST", "headers": []}
    with pytest.raises(Invalid, match="did not arrive completely, or not in time"):
        await read_whole_body(Request(scope, receive))
